"""Read the same with pyzmq and msgpack alone: ``python plain_reader.py ipc:///tmp/counter state/actor/counter/``."""

import sys

import msgpack
import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.subscribe(sys.argv[2])
at = None
while True:
    topic, header, body = socket.recv_multipart()
    _, kind, sender, epoch, seq, _ = msgpack.unpackb(header)[:6]
    whole = kind == 0 or (at is not None and at == (epoch, seq - 1))  # a state, or the change after what we have
    at = (epoch, seq) if whole else None
    print(sender, epoch, seq, msgpack.unpackb(body) if whole else "STALE: subscribe again", flush=True)
    if not whole and kind == 1:
        socket.subscribe(sys.argv[2])  # seen by the publisher as one more join: the state comes
