#!/usr/bin/python3
"""Short sequences of operations on a file system, each ended by an fsync, fdatasync or sync, in the manner of ACE, CrashMonkey's
generator (Mohan et al., Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing, OSDI 2018).

usage: sequences.py [FOLDER COMMAND...]

Without arguments it prints the sequences, one a line. With them it carries the sequences out, the N-th in FOLDER/N, and says with
COMMAND after each point of persistence what is durable from then on, until it says "changes" of FOLDER/N:

    file PATH SHA-256    it has this content
    name PATH            there is a file, whatever it holds
    link PATH PATH       both are names of one file
    dir PATH             there is a directory
    gone PATH            there is nothing

Promised is what ext4 and POSIX promise, not all that ext4 does. fsync of a file: its content, and the name that it was
opened by. fdatasync: its content, where the name was durable, or is the one that the file was created by. fsync of a directory:
its names, not what the files hold. sync: all.
"""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass

FILES = ["A/foo", "A/bar", "B/foo", "B/bar"]
FOLDERS = ["A/D", "A/E", "B/D", "B/E"]
NAMES = FILES + FOLDERS
FOLDER = object()
KINDS = "create append overwrite shorten allocate punch rename replace link unlink mkdir rmdir move".split()
SPANS = {
    "append": lambda size: (size, 5000),
    "allocate": lambda size: (size, 5000),
    "overwrite": lambda size: (size // 3, size // 2),
    "punch": lambda size: (size // 4, size // 2),
    "shorten": lambda size: (size * 2 // 5, size),
}
WRITES = ("append", "overwrite")
TRIPLES = 50
AT_ONCE = 16  # sequences are prepared together, and their promises hold until all of them have run
SECTOR = 512


def text(label, length):
    """Of which each sector is different."""
    return b"".join(b"%-511b\n" % f"{label} {i}".encode() for i in range(length // SECTOR + 1))[:length]


class File:
    def __init__(self, content, saved, created_as=None):
        self.content = content
        self.saved = saved
        self.created_as = created_as


class State:
    """What the names lead to, and which of them are durably so."""

    def __init__(self, label=""):
        self.names = {
            "A/foo": File(text(f"{label} foo", 9000), True),
            "B/bar": File(text(f"{label} bar", 7000), True),
            "A/D": FOLDER,
            "B/E": FOLDER,
        }
        self.durable = set(NAMES)

    def make(self, root):
        for folder in ("A", "B"):
            os.makedirs(f"{root}/{folder}")
        for name, thing in self.names.items():
            if thing is FOLDER:
                os.mkdir(f"{root}/{name}")
            else:
                with open(f"{root}/{name}", "wb") as file:
                    file.write(thing.content)

    def promises(self, root, later):
        """LATER: operations that follow before anything else is promised."""
        open_names = {name for operation in later for name in operation.names()}
        open_files = {self.names.get(name) for name in open_names} - {None, FOLDER}
        seen = {}
        for name in NAMES:
            thing = self.names.get(name)
            if name not in self.durable or name in open_names or thing in open_files:
                continue
            path = f"{root}/{name}"
            if thing is None:
                yield f"gone {path}"
            elif thing is FOLDER:
                yield f"dir {path}"
            else:
                yield f"file {path} {hashlib.sha256(thing.content).hexdigest()}" if thing.saved else f"name {path}"
                if thing in seen:
                    yield f"link {seen[thing]} {path}"
                seen[thing] = path


@dataclass(frozen=True)
class Operation:
    kind: str
    path: str
    to: str = ""

    def __str__(self):
        return f"{self.kind} {self.path} {self.to}".strip()

    def names(self):
        return {self.path, self.to} - {""}

    def span(self, state):
        """Of the file's content: what is changed."""
        size = len(state.names[self.path].content)
        return SPANS[self.kind](size)

    def foresee(self, state, label):
        names, path, to = state.names, self.path, self.to
        file = names.get(path)
        match self.kind:
            case "create":
                names[path] = File(b"", False, path)
            case "mkdir":
                names[path] = FOLDER
            case "link":
                names[to] = file
            case "rename" | "replace" | "move":
                names[to] = names.pop(path)
            case "unlink" | "rmdir":
                del names[path]
            case _:
                at, length = self.span(state)
                new = b"" if self.kind == "shorten" else text(label, length) if self.kind in WRITES else bytes(length)
                file.content = file.content[:at] + new + file.content[at + length :]
                file.saved = False
        if self.kind in ("rename", "replace", "unlink"):
            file.created_as = None
        if self.kind == "link":
            state.durable -= {to}
        elif self.kind not in SPANS:
            state.durable -= self.names()

    def do(self, root, state, label):
        path, to = f"{root}/{self.path}", f"{root}/{self.to}"
        match self.kind:
            case "create":
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            case "mkdir":
                os.mkdir(path)
            case "link":
                os.link(path, to)
            case "rename" | "replace" | "move":
                os.rename(path, to)
            case "unlink":
                os.unlink(path)
            case "rmdir":
                os.rmdir(path)
            case "shorten":
                os.truncate(path, self.span(state)[0])
            case "punch":
                at, length = map(str, self.span(state))
                subprocess.run(["fallocate", "--punch-hole", "--offset", at, "--length", length, path], check=True)
            case _:
                at, length = self.span(state)
                descriptor = os.open(path, os.O_WRONLY)
                if self.kind == "allocate":
                    os.posix_fallocate(descriptor, at, length)
                else:
                    os.pwrite(descriptor, text(label, length), at)
                os.close(descriptor)


@dataclass(frozen=True)
class Persistence:
    kind: str
    path: str = ""

    def __str__(self):
        return f"{self.kind} {self.path}".strip()

    def foresee(self, state, _):
        if self.kind == "sync":
            for thing in state.names.values():
                if thing is not FOLDER:
                    thing.saved = True
            state.durable = set(NAMES)
        elif self.path in FILES:
            state.names[self.path].saved = True
            state.durable.add(self.path)
        else:
            state.durable |= {name for name in NAMES if os.path.dirname(name) == self.path}

    def do(self, root, *_):
        if self.kind == "sync":
            os.sync()
            return
        descriptor = os.open(f"{root}/{self.path}", os.O_RDONLY)
        {"fsync": os.fsync, "fdatasync": os.fdatasync}[self.kind](descriptor)
        os.close(descriptor)


def operations(state):
    names = state.names
    for path in FILES:
        if path not in names:
            yield Operation("create", path)
            continue
        for kind in ("append", "allocate", "unlink"):
            yield Operation(kind, path)
        if names[path].content:
            for kind in ("overwrite", "shorten", "punch"):
                yield Operation(kind, path)
        for to in FILES:
            if to not in names:
                yield Operation("rename", path, to)
                yield Operation("link", path, to)
            elif names[to] is not names[path]:
                yield Operation("replace", path, to)
    for path in FOLDERS:
        if path not in names:
            yield Operation("mkdir", path)
            continue
        yield Operation("rmdir", path)
        for to in FOLDERS:
            if to not in names:
                yield Operation("move", path, to)


def persistences(state, touched):
    """What may follow operations that have TOUCHED these names."""
    yield Persistence("sync")
    for folder in sorted({os.path.dirname(name) for name in touched}):
        yield Persistence("fsync", folder)
    for name in sorted(touched):
        thing = state.names.get(name, FOLDER)
        if thing is not FOLDER:
            yield Persistence("fsync", name)
            if name in state.durable or thing.created_as == name:
                yield Persistence("fdatasync", name)


def chosen(kinds, choice):
    """A sequence of operations of these kinds, if there is one; each has to do with the ones before it, if it can."""
    state, touched, steps = State(), set(), []
    for place, kind in enumerate(kinds, 1):
        possible = [each for each in operations(state) if each.kind == kind]
        if not possible:
            return ()
        operation = choice.choice([each for each in possible if each.names() & touched] or possible)
        operation.foresee(state, "")
        touched |= operation.names()
        steps.append(operation)
        if place == len(kinds) or choice.random() < 0.4:
            persistence = choice.choice(list(persistences(state, touched)))
            persistence.foresee(state, "")
            steps.append(persistence)
    return tuple(steps)


def sequences():
    """All of one operation, apart from the other directory's; of two, each kind after each; some of three."""
    found = {}
    for operation in operations(State()):
        if operation.path.startswith("A"):
            state = State()
            operation.foresee(state, "")
            for persistence in persistences(state, operation.names()):
                found[operation, persistence] = True
    choice = random.Random(1)
    for first in KINDS:
        for second in KINDS:
            found[chosen((first, second), choice)] = True
    for _ in range(TRIPLES):
        found[chosen(choice.choices(KINDS, k=3), choice)] = True
    found.pop((), None)
    return list(found)


def carry_out(number, steps, folder, say):
    state = State(number)
    for i, step in enumerate(steps):
        label = f"{number}.{i}"
        step.do(f"{folder}/{number}", state, label)
        step.foresee(state, label)
        if isinstance(step, Persistence):
            later = [each for each in steps[i:] if isinstance(each, Operation)]
            promised = "; ".join(state.promises(f"/{number}", later))
            if promised:
                say(promised)


def main(folder, *command):
    def say(what):
        if len(what) >= SECTOR:
            sys.exit(f"too long: {what}")
        subprocess.run([*command, what], check=True)

    todo = list(enumerate(sequences()))
    before = []
    while todo:
        now, todo = todo[:AT_ONCE], todo[AT_ONCE:]
        if before:
            os.sync()  # a power cut here finds the last promises in force
            say(f"changes {' '.join(before)}")
        for old in before:
            shutil.rmtree(folder + old)
        for number, _ in now:
            State(number).make(f"{folder}/{number}")
        os.sync()
        for number, steps in now:
            carry_out(number, steps, folder, say)
        before = [f"/{number}" for number, _ in now]


if sys.argv[1:]:
    main(*sys.argv[1:])
else:
    for number, steps in enumerate(sequences()):
        print(f"{number}:", ", ".join(map(str, steps)))
