"""What can be made to go wrong at the twin, and the door by which it is made to."""
