#!/usr/bin/python3
"""Makes a trace of what strace saw of some processes (-ff -ttt -T -y, one file per process), for replay.pl.

usage: from-strace.py FOLDER BEFORE STRACE-FILE...

FOLDER is where the processes had the files that count, BEFORE a listing of it from before: TYPE SIZE PATH, one a line. The
trace goes to stdout. Each of its lines is

    THINK OPERATION [ARGUMENT...]

THINK: for how long, in microseconds, no operation had been under way when this one began. Paths are relative to FOLDER, N is the
number of an open file. Lines above "start" make what was there before.

    mkdir PATH, rmdir PATH, unlink PATH, rename FROM TO, link FROM TO, symlink TARGET PATH
    open N PATH FLAGS    FLAGS: r, w or rw, then c (create), x (only if new), t (truncate), a (append)
    write N OFFSET LENGTH, ftruncate N LENGTH, fsync N, fdatasync N, range N OFFSET LENGTH FLAGS (sync_file_range), close N

What was done in another way is an error, not left out. What was read counts as thinking, and so does what failed.
"""

import os
import re
import sys

CALL = re.compile(r"(\d+)\.(\d{6}) (\w+)\((.*)\) += (-?\w+)(?:<(.*)>)?(?: .*)? <(\d+)\.(\d{6})>$")
DESCRIPTOR = re.compile(r"(\d+|AT_FDCWD)<(.*)>(?:\(deleted\))?$")
MODES = {"O_RDONLY": "r", "O_WRONLY": "w", "O_RDWR": "rw"}
FLAGS = {"O_CREAT": "c", "O_EXCL": "x", "O_TRUNC": "t", "O_APPEND": "a"}
RANGE_FLAGS = {"SYNC_FILE_RANGE_WAIT_BEFORE": 1, "SYNC_FILE_RANGE_WRITE": 2, "SYNC_FILE_RANGE_WAIT_AFTER": 4}


class OpenFile:
    def __init__(self, number):
        self.number = number
        self.offset = 0
        self.descriptors = 1


class Follower:
    """Follows the calls of all processes, in the order in which they began."""

    def __init__(self, folder):
        self.folder = folder
        self.numbers = 0
        self.files = {}  # by process and descriptor
        self.working = {}  # folders by process

    def relative(self, path):
        """The path as a trace names it, or None if it is not in the folder."""
        path = os.path.normpath(path)
        if not path.startswith(self.folder + "/"):
            return None
        if re.search(r'[\s"\\]', path):
            raise ValueError("a path that a trace cannot name")
        return path[len(self.folder) + 1 :]

    def path(self, process, text, at=None):
        """The path of an argument; at is the one before it, if the call has such."""
        text = text.strip('"')
        base = DESCRIPTOR.match(at).group(2) if at else self.working.get(process)
        if base is None and not text.startswith("/"):
            raise ValueError("relative to an unknown folder")
        return self.relative(os.path.join(base or "/", text))

    def file(self, process, text):
        """The open file of an argument, or None if it is not in the folder."""
        found = DESCRIPTOR.match(text)
        if not found:
            return None
        descriptor, path = found.groups()
        file = self.files.get((process, descriptor))
        if file is None and self.relative(path):
            raise ValueError("the file was opened by another process")
        return file

    def opened(self, process, flags, descriptor, path):
        words = flags.split("|")
        path = self.relative(path)
        if path is None:
            return None
        self.numbers += 1
        self.files[process, descriptor] = OpenFile(self.numbers)
        return "open", self.numbers, path, MODES[words[0]] + "".join(FLAGS.get(word, "") for word in words)

    def closed(self, process, descriptor):
        file = self.files.pop((process, descriptor), None)
        if file is None:
            return None
        file.descriptors -= 1
        return None if file.descriptors else ("close", file.number)

    def duplicated(self, process, text, descriptor):
        file = self.file(process, text)
        if file is None or self.files.get((process, descriptor)) is file:
            return None
        closed = self.closed(process, descriptor)
        file.descriptors += 1
        self.files[process, descriptor] = file
        return closed

    def two_paths(self, operation, one, other):
        if (one is None) != (other is None):
            raise ValueError("across the border of the folder")
        return one and (operation, one, other)

    def operation(self, process, name, a, result, result_path):
        """What a trace says of a call that succeeded, or None."""
        if a[0].startswith("AT_FDCWD<"):
            self.working[process] = DESCRIPTOR.match(a[0]).group(2)
        match name:
            case "openat":
                return self.opened(process, a[2], result, result_path)
            case "open":
                return self.opened(process, a[1], result, result_path)
            case "creat":
                return self.opened(process, "O_WRONLY|O_CREAT|O_TRUNC", result, result_path)
            case "close":
                return self.closed(process, DESCRIPTOR.match(a[0]).group(1)) if DESCRIPTOR.match(a[0]) else None
            case "dup" | "dup2" | "dup3":
                return self.duplicated(process, a[0], result)
            case "fcntl":
                return self.duplicated(process, a[0], result) if a[1].startswith("F_DUPFD") else None
            case "chdir":
                self.working[process] = os.path.join(self.working.get(process, "/"), a[0].strip('"'))
                return None
            case "fchdir":
                self.working[process] = DESCRIPTOR.match(a[0]).group(2)
                return None
            case "mkdir" | "rmdir" | "unlink":
                path = self.path(process, a[0])
                return path and (name, path)
            case "mkdirat":
                path = self.path(process, a[1], a[0])
                return path and ("mkdir", path)
            case "unlinkat":
                path = self.path(process, a[1], a[0])
                return path and ("rmdir" if a[2] == "AT_REMOVEDIR" else "unlink", path)
            case "rename" | "link":
                return self.two_paths(name, self.path(process, a[0]), self.path(process, a[1]))
            case "renameat" | "linkat":
                return self.two_paths(name[:-2], self.path(process, a[1], a[0]), self.path(process, a[3], a[2]))
            case "symlink":
                path = self.path(process, a[1])
                return path and ("symlink", a[0].strip('"'), path)
            case "symlinkat":
                path = self.path(process, a[2], a[1])
                return path and ("symlink", a[0].strip('"'), path)
        file = self.file(process, a[0])
        if file is None and not any(self.file(process, argument) for argument in a[1:]):
            return None
        match name:
            case "lseek":
                file.offset = int(result)
                return None
            case "read":
                file.offset += int(result)
                return None
            case "write":
                file.offset += int(result)
                return "write", file.number, file.offset - int(result), int(result)
            case "pwrite64":
                return "write", file.number, int(a[3]), int(result)
            case "ftruncate":
                return "ftruncate", file.number, int(a[1])
            case "fsync" | "fdatasync":
                return name, file.number
            case "sync_file_range":
                return "range", file.number, int(a[1]), int(a[2]), sum(RANGE_FLAGS[word] for word in a[3].split("|"))
        raise ValueError("a trace has no such operation")


def calls(files):
    """Begin, end, process, name, arguments, result and its path; times in microseconds."""
    for file in files:
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                call = CALL.match(line)
                if call:
                    begin = int(call[1] + call[2])
                    yield begin, begin + int(call[7] + call[8]), file, call[3], call[4].split(", "), call[5], call[6]
                elif not re.search(r"^\d+\.\d+ (\+\+\+|---) ", line):
                    raise ValueError(f"{file}: {line}")


def without_idle_files(trace):
    """Without the opening and closing of files that are only read."""
    busy = {operation[1] for _, _, operation in trace if operation[0] not in ("open", "close")}
    busy |= {operation[1] for _, _, operation in trace if operation[0] == "open" and set(operation[3]) & set("ct")}
    return [one for one in trace if one[2][0] not in ("open", "close") or one[2][1] in busy]


def made_before(listing):
    """What makes the files and folders that were there before."""
    with open(listing, encoding="utf-8") as lines:
        for line in lines:
            kind, size, path = line.rstrip("\n").split(" ", 2)
            if kind == "d":
                yield "mkdir", path
            elif kind == "f":
                yield from (("open", 0, path, "wc"), ("write", 0, 0, size), ("close", 0))
            else:
                raise ValueError(f"{path}: neither file nor folder")


def main(folder, listing, files):
    follower = Follower(folder)
    trace = []
    for begin, end, process, name, arguments, result, path in sorted(calls(files), key=lambda call: call[0]):
        if result == "-1":
            continue
        try:
            operation = follower.operation(process, name, arguments, result, path)
        except ValueError as e:
            raise ValueError(f"{process}: {name}({', '.join(arguments)}): {e}") from e
        if operation:
            trace.append((begin, end, operation))
    trace = without_idle_files(trace)
    for operation in made_before(listing):
        print(0, *operation)
    print("0 start")
    last = trace[0][0]
    for begin, end, operation in trace:
        print(max(0, begin - last), *operation)
        last = max(last, end)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
