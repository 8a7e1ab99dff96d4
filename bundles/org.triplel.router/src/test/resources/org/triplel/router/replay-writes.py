#!/usr/bin/python3
"""Replays a log of dm-log-writes, as Linux's drivers/md/dm-log-writes.c describes it, onto a raw image.

usage: replay-writes.py LOG [IMAGE]

Prints a line per entry: its flags, the first sector, the number of sectors, and the text of a mark; then the log's length.
"""
import struct
import sys

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK, METADATA = (1 << bit for bit in range(5))
NAMES = ((FLUSH, "FLUSH"), (FUA, "FUA"), (DISCARD, "DISCARD"), (MARK, "MARK"), (METADATA, "METADATA"))
ENTRY = struct.Struct("<QQQQ")


def replay(log, image):
    magic, version, entries, sector_size = struct.unpack("<QQQI", log.read(28))
    if magic != MAGIC or version != 1:
        sys.exit("no log of dm-log-writes, version 1")
    if sector_size < 512 or sector_size & (sector_size - 1):
        sys.exit(f"sectors of {sector_size} bytes")
    log.seek(sector_size)
    for number in range(entries):
        header = log.read(sector_size)
        if len(header) < sector_size:
            sys.exit(f"the log ends in entry {number} of {entries}")
        sector, sectors, flags, length = ENTRY.unpack(header[: ENTRY.size])
        inline = header[ENTRY.size :]
        mark = inline[:length] if flags & MARK else b""
        if flags >> 5 or inline[len(mark) :].strip(b"\0") or (not flags and not sectors):
            sys.exit(f"entry {number} is malformed")
        if not flags & MARK and length:
            sys.exit(f"entry {number} has data of its own")
        data = bytes(sectors * sector_size) if flags & DISCARD else log.read(sectors * sector_size)
        if len(data) < sectors * sector_size:
            sys.exit(f"the log ends in the data of entry {number}")
        if image and data:
            image.seek(sector * sector_size)
            image.write(data)
        names = "|".join(name for flag, name in NAMES if flags & flag) or "WRITE"
        print(names, sector, sectors, mark.decode())
    print("length", log.tell())


with open(sys.argv[1], "rb") as recorded:
    if len(sys.argv) > 2:
        with open(sys.argv[2], "r+b") as replayed:
            replay(recorded, replayed)
    else:
        replay(recorded, None)
