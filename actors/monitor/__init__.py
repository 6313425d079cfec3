"""Who looks on: visitors of a floor, the tap, the checker, the screen."""
