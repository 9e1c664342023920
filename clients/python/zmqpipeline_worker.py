"""Workers for zmqpipeline, in Python.

A batch's distributor and collector, or a service and its clients, run in Node.js; this file executes their items in Python. It needs
pyzmq and msgpack. Handlers run in processes of their own, so a handler that computes for hours, or dies, does not cost the worker its connection.

    from zmqpipeline_worker import Worker

    class Squares(Worker):
        task_type = "square"
        endpoint = "tcp://localhost:5551"
        collector_endpoint = "tcp://localhost:5552"

        def handle_execution(self, data, info):
            return {"square": data["n"] ** 2}

    if __name__ == "__main__":
        Squares().run()

docs/protocol.md of zmqpipeline describes what is sent, and its rules are the comments here that say "rule".
"""

from __future__ import annotations

import array
import datetime
import json
import logging
import multiprocessing
import os
import random
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Type

import msgpack
import zmq
from zmq.utils.monitor import recv_monitor_message

__all__ = ["Info", "PipelineError", "ServiceWorker", "Worker"]
__version__ = "0.1.0"

log = logging.getLogger("zmqpipeline")

# --- the wire: docs/protocol.md, "Frames", "Payloads", "Messages" -------------------------------------------------------

PROTOCOL_VERSION = 6
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
MAX_FRAME_BYTES = MAX_PAYLOAD_BYTES + 1024 * 1024
MAX_NAME_BYTES = 255
BATCH_ITEMS = 512
REQUEST_BATCH_ITEMS = 128
BATCH_BYTES = 256 * 1024
OWN_FRAME_BYTES = 32 * 1024
GENERATION = 2**40
MAX_TEXT = 16 * 1024

TYPES = (
    "refuse hello welcome open ready grant recall revoke returned fail result failed ack metadata end ping pong bye ended "
    "accepted resend request assign reply failure cancel inspect report blocked"
).split()
CODES = {name: code for code, name in enumerate(TYPES)}
ROLES = "distributor worker collector metadataworker service serviceworker serviceclient".split()
STATUSES = "complete stopped aborted".split()

#: One execution of one item: its sequence number and its attempt.
Ref = Tuple[int, int]
Message = Dict[str, Any]


class ProtocolError(Exception):
    """Received bytes are no message."""


class PipelineError(Exception):
    """The worker cannot go on.

    ``code`` is one of zmqpipeline's error codes: ``PEER_TIMEOUT``, ``PEER_REFUSED``, ``INIT_FAILED``, ``KEYS_UNUSABLE``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Writer:
    """Writes the fields of an envelope."""

    def __init__(self) -> None:
        self.data = bytearray()

    def byte(self, value: int) -> None:
        self.data.append(value)

    def integer(self, value: int) -> None:
        data = self.data
        while value >= 0x80:
            data.append(value & 0x7F | 0x80)
            value >>= 7
        data.append(value)

    def text(self, value: str) -> None:
        encoded = value.encode("utf-8", "replace")
        self.integer(len(encoded))
        self.data += encoded

    def difference(self, value: int, previous: int) -> None:
        step = value - previous
        self.integer(2 * step if step >= 0 else -2 * step - 1)

    def refs(self, refs: Iterable[Ref]) -> None:
        refs = list(refs)
        self.integer(len(refs))
        previous = 0
        for seq, attempt in refs:
            self.difference(seq, previous)
            self.integer(attempt)
            previous = seq

    def error(self, error: Mapping[str, Any]) -> None:
        for name in ("name", "message", "stack", "code"):
            self.text(error[name])
        self.integer(0)  # no detail


class Reader:
    """Reads the fields of an envelope that a peer has sent."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.at = offset

    def byte(self) -> int:
        at = self.at
        if at >= len(self.data):
            raise ProtocolError("envelope is cut off")
        self.at = at + 1
        return self.data[at]

    def flag(self) -> bool:
        value = self.byte()
        if value > 1:
            raise ProtocolError("flag is neither 0 nor 1")
        return value == 1

    def integer(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 49:
                raise ProtocolError("integer is too long")
        if value >= 2**53:
            raise ProtocolError("integer is out of range")
        return value

    def take(self, size: int) -> bytes:
        at = self.at
        if size > len(self.data) - at:
            raise ProtocolError("field is longer than its frame")
        self.at = at + size
        return self.data[at : self.at]

    def text(self) -> str:
        return self.take(self.integer()).decode("utf-8", "replace")

    def count(self) -> int:
        count = self.integer()
        if count > len(self.data) - self.at:
            raise ProtocolError("list is longer than its frame")
        return count

    def difference(self, previous: int) -> int:
        code = self.integer()
        value = previous + (code >> 1) if code % 2 == 0 else previous - ((code + 1) >> 1)
        if not 0 <= value < 2**52:
            raise ProtocolError("sequence number is out of range")
        return value

    def seqs(self) -> List[int]:
        values, previous = [], 0
        for _ in range(self.count()):
            previous = self.difference(previous)
            values.append(previous)
        return values

    def refs(self) -> List[Ref]:
        values, seq = [], 0
        for _ in range(self.count()):
            seq = self.difference(seq)
            values.append((seq, self.integer()))
        return values

    def items(self) -> List[Tuple[int, int, int]]:
        values, seq = [], 0
        for _ in range(self.count()):
            seq = self.difference(seq)
            values.append((seq, self.integer(), self.integer()))
        return values


def encode_message(kind: str, run: str, write: Callable[[Writer], Optional[List[bytes]]] = lambda _: None) -> List[bytes]:
    """Encodes a message as frames. ``write`` writes the fields and returns the payloads, whose sizes it has written."""
    writer = Writer()
    writer.data += b"ZQP"
    writer.byte(PROTOCOL_VERSION)
    writer.byte(CODES[kind])
    writer.text(run)
    frames: List[bytes] = []
    shared: Optional[bytearray] = None
    payloads = write(writer) or []
    shared = writer.data
    for payload in payloads:
        if not payload:
            continue
        if len(payload) < OWN_FRAME_BYTES:
            shared = bytearray() if shared is None else shared
            shared += payload
        else:
            if shared is not None:
                frames.append(bytes(shared))
            shared = None
            frames.append(payload)
    if shared is not None:
        frames.append(bytes(shared))
    return frames


def decode_message(frames: List[bytes]) -> Message:
    """Decodes the messages that workers receive. Raises ``ProtocolError`` for anything else."""
    envelope = frames[0]
    if envelope[:3] != b"ZQP" or len(envelope) < 5:
        raise ProtocolError("not a zmqpipeline message")
    kind = TYPES[envelope[4]] if envelope[4] < len(TYPES) else ""
    if envelope[3] != PROTOCOL_VERSION and kind != "refuse":
        raise ProtocolError(f"peer speaks protocol version {envelope[3]}, this is version {PROTOCOL_VERSION}")
    reader = Reader(envelope, 5)
    message: Message = {"type": kind, "run": reader.text()}
    if kind == "refuse":
        message["reason"] = reader.text()
    elif kind == "welcome":
        message.update(role=_choice(ROLES, reader.byte()), peer_id=reader.text(), timeout_ms=reader.integer())
        message["context"] = reader.text()
        (message["metadata"],) = _payloads(reader, frames, [reader.integer()])
    elif kind == "grant":
        message.update(solo=reader.flag(), settled=reader.seqs(), failures_seen=reader.refs())
        message["items"] = _items(reader, frames)
    elif kind == "recall":
        message["count"] = reader.integer()
    elif kind in ("revoke", "cancel"):
        message["items"] = reader.refs()
    elif kind == "end":
        message.update(status=_choice(STATUSES, reader.byte()), reason=reader.text())
    elif kind == "assign":
        clients = [reader.text() for _ in range(reader.count())]
        contexts = [reader.text() for _ in range(reader.count())]
        origins, client_seq = [], 0
        for _ in range(reader.count()):
            client = _choice(clients, reader.integer())
            client_seq = reader.difference(client_seq)
            if contexts:
                reader.integer()
            origins.append((client, client_seq))
        message.update(origins=origins, items=_items(reader, frames))
        if len(origins) != len(message["items"]):
            raise ProtocolError("lists are not of equal length")
    elif kind not in ("ping", "resend"):
        raise ProtocolError("message of a type that workers do not receive")
    if kind not in ("welcome", "grant", "assign") and (reader.at != len(envelope) or len(frames) > 1):
        raise ProtocolError("message has bytes that belong to no field")
    return message


def _choice(values: List[str], index: int) -> str:
    if index >= len(values):
        raise ProtocolError("value is not one of those known")
    return values[index]


def _items(reader: Reader, frames: List[bytes]) -> List[Tuple[int, int, bytes]]:
    items = reader.items()
    payloads = _payloads(reader, frames, [size for _, _, size in items])
    return [(seq, attempt, payload) for (seq, attempt, _), payload in zip(items, payloads)]


def _payloads(reader: Reader, frames: List[bytes], sizes: List[int]) -> List[bytes]:
    index, data, at = 0, reader.data, reader.at
    payloads = []
    for size in sizes:
        if size == 0:
            payloads.append(b"")
            continue
        if at == len(data):
            index += 1
            if index >= len(frames):
                raise ProtocolError("payload is not in its frame")
            data, at = frames[index], 0
        if size > len(data) - at:
            raise ProtocolError("payload is not in its frame")
        payloads.append(data[at : at + size])
        at += size
    if at != len(data) or index != len(frames) - 1:
        raise ProtocolError("message has bytes that belong to no payload")
    return payloads


#: Codes of JavaScript's typed arrays, as those of Python's ``array``.
_ARRAYS = {0: "b", 1: "B", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 8: "d", 9: "q", 10: "Q"}


def _extension(code: int, data: bytes) -> Any:
    if code == 0x42:
        return int.from_bytes(data, "big", signed=True)
    if code == 0x74:
        kind = _ARRAYS.get(data[0])
        if kind is None:
            return bytes(data[1:])
        values = array.array(kind)
        values.frombytes(data[1:])
        if sys.byteorder == "big":
            values.byteswap()
        return values
    if code == 0x75:
        return data.decode("utf-16-le", "surrogatepass")
    if code == 0x6F:
        pairs = _unpack(data[1:])
        return dict(zip(pairs[::2], pairs[1::2]))
    if code in (0, 0x68):
        return None
    raise ProtocolError(f"payload has extension {code}, which is not allowed")


def _unpack(data: bytes) -> Any:
    return msgpack.unpackb(data, raw=False, timestamp=3, ext_hook=_extension, strict_map_key=True)


def _pack_other(value: Any) -> Any:
    if isinstance(value, int):
        return msgpack.ExtType(0x42, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(value, array.array):
        for code, kind in _ARRAYS.items():
            if kind == value.typecode and value.itemsize == array.array(kind).itemsize:
                return msgpack.ExtType(0x74, bytes([code]) + value.tobytes())
    if isinstance(value, datetime.datetime):
        return msgpack.Timestamp.from_datetime(value.astimezone(datetime.timezone.utc))
    if hasattr(value, "tolist"):
        return value.tolist()  # numpy's arrays and numbers
    raise TypeError(f"a {type(value).__name__} cannot be sent; a result may hold dict, list, tuple, str, bytes, numbers, bool, None, datetime and array")


class _Unsendable(TypeError):
    """A result that cannot be sent: another attempt would give the same."""


def decode_value(payload: bytes) -> Any:
    """An item's data. No bytes mean an empty dict."""
    return _unpack(payload) if payload else {}


def encode_value(value: Any) -> bytes:
    """A result. ``None`` means an empty dict, as nothing does in JavaScript."""
    if value is None:
        return b""
    try:
        try:
            payload = _pack(value)
        except OverflowError:
            payload = _pack(_with_large_integers(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise _Unsendable(f"The result cannot be sent: {error}") from error
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise _Unsendable(f"The result has {len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} fit in a message")
    return payload


def _pack(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=True, datetime=True, default=_pack_other)
    return packed


def _with_large_integers(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return _pack_other(value)
    if isinstance(value, dict):
        return {key: _with_large_integers(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_large_integers(part) for part in value]
    return value


# --- handlers run in processes ------------------------------------------------------------------------------------------

#: Items that a process gets ahead, in ms of its work: as much as hides the way to it. One item where items take longer.
AHEAD_MS = 20.0
MAX_AHEAD = 64
#: Longest time that an outcome waits in its process for others, in ms.
FLUSH_MS = 2.0
#: What waits in a process behind an item that runs for this long goes to other processes, in ms.
STUCK_MS = 100.0
#: Processes that may end in a row before one of them is ready.
MAX_FAILED_STARTS = 3


@dataclass(frozen=True)
class Info:
    """What a handler gets about its item or request, beside the data."""

    #: Unique, and the same for each execution of the item: a key for what the handler writes.
    id: str
    #: 1 for the first execution. With a higher number, the item may have been executed before, at least in part.
    attempt: int
    task_type: str
    #: How often the item had failed for good before.
    generation: int
    worker_id: str


@dataclass(eq=False)
class _Job:
    seq: int
    attempt: int
    payload: bytes
    source: str  # the item's run, or the request's client
    number: int  # the last part of the id
    solo: bool = False
    is_dropped: bool = False  # nobody waits for the outcome
    index: int = -1  # the how-manieth of its process
    lot: int = -1


@dataclass
class _Outcome:
    payload: Optional[bytes]
    error: Optional[Dict[str, str]]
    retryable: bool
    busy_ms: float
    is_given_up: bool = False


def _error_of(error: BaseException) -> Dict[str, str]:
    """An error as messages carry it. The stack has no frames of this file."""
    frames = [entry for entry in traceback.extract_tb(error.__traceback__) if entry.filename != __file__]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
    stack = "".join([*lines, *traceback.format_exception_only(type(error), error)])
    code = getattr(error, "code", "")
    return {
        "name": type(error).__name__[:1024],
        "message": str(error)[:MAX_TEXT],
        "stack": stack[-MAX_TEXT:],
        "code": code[:1024] if isinstance(code, str) else "",
    }


def _failure(code: str, message: str) -> Dict[str, str]:
    return {"name": "PipelineError", "message": message, "stack": "", "code": code}


def _end_with_parent() -> None:
    """Has this process killed when its parent ends, also while a handler computes."""
    parent = os.getppid()
    if sys.platform == "linux":
        try:
            import ctypes

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        except (OSError, AttributeError):
            pass  # the thread below serves

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _child_main(
    pipe: Connection, state: Any, lock: Any, worker_class: Type["_Role"], fields: Dict[str, Any], method: str
) -> None:
    """The main function of a process: executes items until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run in order
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent()
    worker = worker_class.__new__(worker_class)  # its attributes come from the worker that runs
    worker.__dict__.update(fields)
    handler = getattr(worker, method)
    outcomes: List[Tuple[Any, ...]] = []
    index, flushed_at = 0, 0.0
    while True:
        if outcomes and not pipe.poll(0):
            pipe.send(("outcomes", outcomes))
            outcomes, flushed_at = [], time.perf_counter()
        try:
            kind, *parts = pipe.recv()
        except EOFError:
            return
        if kind == "begin":
            pipe.send(_begin(worker, decode_value(parts[0])))
            continue
        if kind == "close":
            worker.close_worker()
            return
        lot, items = parts
        for seq, attempt, payload, source, number in items:
            with lock:
                is_wanted = state[1] < lot
                if is_wanted:
                    state[0] = index + 1
            if is_wanted:
                info = Info(f"{source}/{worker.task_type}/{number}", attempt, worker.task_type, seq // GENERATION, worker.worker_id)
                outcomes.append((index, *_execute(handler, payload, info)))
            index += 1
            now = time.perf_counter()
            if outcomes and (now - flushed_at) * 1000 >= FLUSH_MS:
                pipe.send(("outcomes", outcomes))
                outcomes, flushed_at = [], now


def _begin(worker: "_Role", metadata: Any) -> Tuple[Any, ...]:
    try:
        worker.init_worker(metadata)
        return ("ready",)
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises
        return ("failed", _error_of(error))


def _execute(handler: Callable[[Any, Info], Any], payload: bytes, info: Info) -> Tuple[Any, ...]:
    """Returns the fields of an `_Outcome`, which takes longer to travel than a tuple."""
    started = time.perf_counter()
    try:
        result, error, retryable = encode_value(handler(decode_value(payload), info)), None, True
    except Exception as raised:  # noqa: BLE001 - whatever the user's code raises
        result, error = None, _error_of(raised)
        retryable = getattr(raised, "retryable", True) is not False and not isinstance(raised, _Unsendable)
    return result, error, retryable, (time.perf_counter() - started) * 1000


class _Process:
    """One process that executes items, one at a time."""

    def __init__(self, worker: "_Role", method: str) -> None:
        context = multiprocessing.get_context("spawn")  # forking a process with ZeroMQ's threads is not safe
        self.pipe, theirs = context.Pipe()
        #: Items begun so far, and the last lot whose items must not be begun any more.
        self.state = context.RawArray("q", [0, -1])
        self.lock = context.Lock()
        arguments = (theirs, self.state, self.lock, type(worker), worker._fields(), method)
        self.process = context.Process(target=_child_main, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.is_ready = False
        self.jobs: Deque[_Job] = deque()
        self.progress_at = time.monotonic()
        self.next_index = 0
        self.next_lot = 0

    def send(self, *message: Any) -> bool:
        try:
            self.pipe.send(message)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False  # its end is seen when it is read

    def give(self, jobs: List[_Job]) -> None:
        if not self.jobs:
            self.progress_at = time.monotonic()
        lot = self.next_lot
        self.next_lot += 1
        for job in jobs:
            job.index, job.lot = self.next_index, lot
            self.next_index += 1
            self.jobs.append(job)
        self.send("items", lot, [(job.seq, job.attempt, job.payload, job.source, job.number) for job in jobs])

    def take_back(self) -> List[_Job]:
        """Takes the jobs that have not begun."""
        with self.lock:
            self.state[1] = self.next_lot - 1
            begun = self.state[0]
        back = [job for job in self.jobs if job.index >= begun]
        self.jobs = deque(job for job in self.jobs if job.index < begun)
        return back

    def end(self, grace_seconds: float) -> None:
        self.send("close")
        self.process.join(grace_seconds)
        self.kill()

    def kill(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join(5)
        self.pipe.close()


class _Pool:
    """The processes of a worker. Jobs go to the one with the fewest; what waits behind a long one goes to others."""

    def __init__(self, worker: "_Role", method: str, ended: Callable[[_Job, _Outcome], None]) -> None:
        self._worker = worker
        self._method = method
        self._ended = ended
        self._metadata: Optional[bytes] = None
        self._mean_ms: Optional[float] = None
        self._failed_starts = 0
        self._error: Optional[PipelineError] = None
        #: Longest execution of an item, in ms; 0: no limit.
        self.timeout_ms = 0
        self.processes = [_Process(worker, method) for _ in range(worker.concurrency)]
        #: Jobs that came back from a process, before those of the worker's queue.
        self.back: Deque[_Job] = deque()

    @property
    def is_ready(self) -> bool:
        return all(process.is_ready for process in self.processes)

    @property
    def error(self) -> Optional[PipelineError]:
        return self._error

    @property
    def jobs(self) -> Iterator[_Job]:
        for process in self.processes:
            yield from process.jobs
        yield from self.back

    def begin(self, metadata: bytes) -> None:
        self._metadata = metadata
        for process in self.processes:
            process.is_ready = False
            process.send("begin", metadata)

    def room(self) -> List[Tuple[_Process, int]]:
        """The processes that take jobs now, and how many."""
        ahead = 1 if self._mean_ms is None else max(1, min(MAX_AHEAD, int(AHEAD_MS / max(self._mean_ms, 0.001))))
        limit = 1 if ahead == 1 else 2 * ahead
        free = [(process, min(ahead, limit - len(process.jobs))) for process in self.processes if process.is_ready]
        return sorted((entry for entry in free if entry[1] > 0), key=lambda entry: len(entry[0].jobs))

    def take_back(self) -> None:
        for process in self.processes:
            if process.jobs:
                self.back.extendleft(reversed(process.take_back()))

    def read(self, process: _Process) -> None:
        """A process has sent something, or has ended."""
        try:
            while process.pipe.poll(0):
                self._take(process, process.pipe.recv())
        except (EOFError, OSError):
            self._lost(process)

    def _take(self, process: _Process, message: Tuple[Any, ...]) -> None:
        kind, *parts = message
        process.progress_at = time.monotonic()
        if kind == "ready":
            process.is_ready = True
            self._failed_starts = 0
        elif kind == "failed":
            self._error = PipelineError("INIT_FAILED", f"init_worker() raised: {parts[0]['name']}: {parts[0]['message']}\n{parts[0]['stack']}")
        else:
            for index, *fields in parts[0]:
                outcome = _Outcome(*fields)
                mean = self._mean_ms
                self._mean_ms = outcome.busy_ms if mean is None else mean + 0.2 * (outcome.busy_ms - mean)
                # Jobs end in the order in which they were given.
                while process.jobs and process.jobs[0].index <= index:
                    job = process.jobs.popleft()
                    if job.index == index and not job.is_dropped:
                        self._ended(job, outcome)

    def tick(self) -> None:
        now = time.monotonic()
        for process in list(self.processes):
            if not process.jobs or not process.is_ready:
                continue
            age_ms = (now - process.progress_at) * 1000
            if self.timeout_ms and age_ms >= self.timeout_ms:
                text = f"The handler ran longer than {self.timeout_ms} ms and was killed"
                self._replace(process, _failure("EXECUTION_TIMEOUT", text))
            elif age_ms >= STUCK_MS and len(process.jobs) > 1 and len(self.processes) > 1:
                self.back.extendleft(reversed(process.take_back()))

    def _lost(self, process: _Process) -> None:
        process.process.join(1)
        code = process.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        if not process.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                self._error = PipelineError("INIT_FAILED", f"A process of the worker ended before it was ready, with {how}")
        log.warning("a process of the worker ended with %s and is replaced", how)
        self._replace(process, _failure("PROCESS_LOST", f"The handler's process ended with {how}"))

    def _replace(self, process: _Process, error: Dict[str, str]) -> None:
        """Kills a process and starts another. The job that ran has failed; the others come back."""
        process.process.kill()
        process.process.join(5)
        begun = process.state[0]
        jobs = list(process.jobs)
        process.jobs.clear()
        process.kill()
        fresh = _Process(self._worker, self._method)
        self.processes[self.processes.index(process)] = fresh
        if self._metadata is not None:
            fresh.send("begin", self._metadata)
        # Outcomes that were not sent yet are lost with the process: those jobs are executed again.
        self.back.extendleft(reversed([job for job in jobs if job.index != begun - 1]))
        for job in jobs:
            if job.index == begun - 1 and not job.is_dropped:
                self._ended(job, _Outcome(None, error, True, 0.0, is_given_up=True))

    def close(self, grace_seconds: float) -> None:
        for process in self.processes:
            process.send("close")
        until = time.monotonic() + grace_seconds
        for process in self.processes:
            process.process.join(max(0.0, until - time.monotonic()))
            process.kill()


# --- connections --------------------------------------------------------------------------------------------------------

HELLO_SECONDS = 1.0
#: A connected peer that reads nothing for this long gets no more; what it misses is repeated later.
SEND_MS = 1000


class _Keys:
    """A worker's key file, as ``zmqpipeline keys`` makes it."""

    def __init__(self, path: str) -> None:
        try:
            if os.name == "posix" and os.stat(path).st_mode & 0o077:
                raise PipelineError("KEYS_UNUSABLE", f"{path} is open to others: chmod 600")
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            self.public, self.secret = content["publicKey"].encode(), content["secretKey"].encode()
            self.servers = {role: key.encode() for role, key in content["servers"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PipelineError("KEYS_UNUSABLE", f"{path} is no key file of a worker: {type(error).__name__}") from None


class _Link:
    """A connection to one listening role, which libzmq renews for ever."""

    def __init__(self, endpoint: str, server: str, keys: Optional[_Keys], session: "_Session") -> None:
        self.endpoint = endpoint
        self._session = session
        self.is_connected = False
        #: Whether a handshake has failed: that is logged once.
        self.has_failed = False
        self.socket = session.context.socket(zmq.DEALER)
        options = {
            zmq.HEARTBEAT_IVL: 400,
            zmq.HEARTBEAT_TIMEOUT: 1600,
            zmq.HANDSHAKE_IVL: 5000,
            zmq.RECONNECT_IVL: 50,
            zmq.RECONNECT_IVL_MAX: 250,
            zmq.IMMEDIATE: 1,
            zmq.MAXMSGSIZE: MAX_FRAME_BYTES,
            zmq.SNDHWM: 2000,
            zmq.RCVHWM: 2000,
            zmq.LINGER: 200,
            zmq.SNDTIMEO: SEND_MS,
        }
        for option, value in options.items():
            self.socket.setsockopt(option, value)
        if keys is not None and endpoint.startswith("tcp:"):
            if server not in keys.servers:
                raise PipelineError("KEYS_UNUSABLE", f"the key file does not have the {server}'s key")
            self.socket.curve_publickey, self.socket.curve_secretkey = keys.public, keys.secret
            self.socket.curve_serverkey = keys.servers[server]
        failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        events = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | failed
        self.monitor = self.socket.get_monitor_socket(events)
        self.socket.connect(endpoint)

    def look(self, connected: Callable[[], None], disconnected: Callable[[], None]) -> None:
        """Reads what has happened to the connection."""
        while self.monitor.poll(0):
            event = recv_monitor_message(self.monitor)["event"]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.is_connected = True
                connected()
            elif event == zmq.EVENT_DISCONNECTED:
                was_connected, self.is_connected = self.is_connected, False
                if was_connected:
                    disconnected()
            elif not self.has_failed:
                self.has_failed = True
                log.warning("the handshake with %s failed: are both sides' keys right?", self.endpoint)

    def send(self, frames: List[bytes]) -> None:
        if not self.is_connected:
            return  # whatever matters is said again on the next connection
        try:
            self.socket.send_multipart(frames, copy=True)
        except zmq.Again:
            log.warning("%s reads nothing; a message to it was dropped", self.endpoint)

    def receive(self) -> Iterator[Message]:
        while True:
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                yield decode_message(frames)
            except (ProtocolError, UnicodeDecodeError) as error:
                log.warning("a message from %s was dropped: %s", self.endpoint, error)  # rule: drop it

    def close(self) -> None:
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close()


class _Session:
    """One run of a worker: its connections, its processes, and what a batch's and a service's worker have in common."""

    method = ""
    #: The link to the role that gives out work.
    giver = ""

    def __init__(self, worker: "_Role") -> None:
        self.worker = worker
        self.keys = None if worker.security is None else _Keys(worker.security)
        self.pool = _Pool(worker, self.method, self._ended)
        self.context = zmq.Context()
        self.links: Dict[str, _Link] = {}
        self.queue: Deque[_Job] = deque()
        self.running: Dict[int, _Job] = {}
        self.run = ""
        #: ``waiting`` for a run, ``initialising``, ``working``, ``leaving``, ``over``.
        self.phase = "waiting"
        self.error: Optional[PipelineError] = None
        self.status = "stopped"
        self.executed = self.failed = 0
        self._next_hello = 0.0
        self._missing_since = time.monotonic()
        self._stop_requests = 0
        self._handled_stops = 0

    # -- what the two kinds do differently --

    def _message(self, link: str, message: Message) -> None:
        raise NotImplementedError

    def _ended(self, job: _Job, outcome: _Outcome) -> None:
        raise NotImplementedError

    def _connected(self, link: str) -> None:
        raise NotImplementedError

    def _disconnected(self, link: str) -> None:
        raise NotImplementedError

    def _became_ready(self) -> None:
        raise NotImplementedError

    def _tick(self, now: float) -> None:
        raise NotImplementedError

    def leave(self) -> None:
        raise NotImplementedError

    # -- what both say --

    def _say(self, kind: str, write: Callable[[Writer], Optional[List[bytes]]] = lambda _: None) -> None:
        self.links[self.giver].send(encode_message(kind, self.run, write))

    def _ready(self) -> None:
        self._say("ready", lambda writer: writer.integer(self.worker.concurrency))

    def _returned(self, jobs: List[_Job]) -> None:
        def write(writer: Writer) -> None:
            writer.byte(1 if self.phase == "leaving" else 0)
            writer.refs((job.seq, job.attempt) for job in jobs)

        self._say("returned", write)

    # -- the loop --

    def stop(self) -> None:
        """May be called from a signal handler or another thread: the loop looks at it."""
        self._stop_requests += 1

    def loop(self) -> Mapping[str, Any]:
        try:
            while self.phase != "over":
                self._turn()
        finally:
            self.pool.close(self.worker.close_timeout)
            for link in self.links.values():
                link.close()
            self.context.term()
        if self.error is not None:
            raise self.error
        return {"status": self.status, "executed": self.executed, "failed": self.failed}

    def _turn(self) -> None:
        poller = zmq.Poller()
        for link in self.links.values():
            poller.register(link.socket, zmq.POLLIN)
            poller.register(link.monitor, zmq.POLLIN)
        processes = {process.pipe.fileno(): process for process in self.pool.processes}
        for descriptor in processes:
            poller.register(descriptor, zmq.POLLIN)
        ready = dict(poller.poll(20))
        for name, link in list(self.links.items()):
            if link.monitor in ready:
                link.look(lambda name=name: self._connected(name), lambda name=name: self._disconnected(name))
        for name, link in list(self.links.items()):
            if link.socket in ready:
                for message in link.receive():
                    if self.phase != "over":
                        self._message(name, message)
        for descriptor, process in processes.items():
            if descriptor in ready:
                self.pool.read(process)
        if self.phase == "initialising" and self.pool.is_ready:
            self.phase = "working"
            self._became_ready()
        if self.pool.error is not None:
            return self.over(self.pool.error)
        self._work()
        self._clock(time.monotonic())

    def _clock(self, now: float) -> None:
        while self._handled_stops < self._stop_requests and self.phase != "over":
            self._handled_stops += 1
            if self._handled_stops == 1:
                self.leave()
            else:
                self.over(None)
        self.pool.tick()
        if now >= self._next_hello:
            self._next_hello = now + HELLO_SECONDS
            self.greet()
        if self.phase != "over":
            self._tick(now)

    def greet(self) -> None:
        """Rule: hello is repeated each second until it is answered."""
        raise NotImplementedError

    def _work(self) -> None:
        """Gives the processes what they have room for."""
        if self.phase not in ("working", "leaving"):
            return
        for process, room in self.pool.room():
            jobs: List[_Job] = []
            while len(jobs) < room:
                if self.pool.back:
                    job = self.pool.back.popleft()
                elif self.queue:
                    job = self.queue.popleft()
                else:
                    break
                if job.is_dropped:
                    continue
                self.running[job.seq] = job
                jobs.append(job)
                if job.solo:
                    break
            if jobs:
                process.give(jobs)

    def give_back(self, count: float) -> List[_Job]:
        """Rule: items that have not begun, the last ones first."""
        if count > len(self.queue):
            self.pool.take_back()
            while self.pool.back:
                job = self.pool.back.pop()
                if not job.is_dropped:
                    self.running.pop(job.seq, None)
                    self.queue.appendleft(job)
        back: List[_Job] = []
        while self.queue and len(back) < count:
            back.append(self.queue.pop())
        return back

    def drop(self, seqs: Iterable[int]) -> List[_Job]:
        """Forgets items. What runs goes on, but nobody hears of it. Returns those that had not begun."""
        gone = set()
        for seq in seqs:
            job = self.running.pop(seq, None)
            if job is None:
                gone.add(seq)
            else:
                job.is_dropped = True
        dropped = [job for job in self.queue if job.seq in gone] if gone and self.queue else []
        if dropped:
            self.queue = deque(job for job in self.queue if job.seq not in gone)
        return dropped

    def drop_all(self) -> None:
        for job in self.running.values():
            job.is_dropped = True
        self.running.clear()
        self.queue.clear()

    def silent_for_too_long(self, is_missing: bool, now: float, who: str) -> None:
        if not is_missing:
            self._missing_since = now
        elif now - self._missing_since >= self.worker.peer_timeout:
            endpoints = " and ".join(link.endpoint for link in self.links.values())
            text = f"No {who} answered at {endpoints} within {self.worker.peer_timeout} s"
            self.over(PipelineError("PEER_TIMEOUT", text))

    def over(self, error: Optional[PipelineError], status: str = "stopped") -> None:
        self.phase = "over"
        self.error = error
        self.status = status


@dataclass
class _Kept:
    """An outcome that is not confirmed yet."""

    attempt: int
    payload: Optional[bytes]  # None: a failure, whose message is kept
    message: Optional[List[bytes]] = None
    sent_at: float = 0.0
    wait: float = 2.0


class _BatchSession(_Session):
    """docs/protocol.md, "A worker's life"."""

    method = "handle_execution"
    giver = "distributor"

    def __init__(self, worker: "Worker") -> None:
        super().__init__(worker)
        self._outbox: Dict[int, _Kept] = {}
        self._batch: List[Tuple[int, int, bytes]] = []
        self._batch_bytes = 0
        self._batch_busy = 0.0
        self._batch_since = 0.0
        self._is_welcome = False
        self._is_known_to_collector = False
        self._next_check = 0.0
        self.links["distributor"] = _Link(worker.endpoint, "distributor", self.keys, self)

    # -- connections --

    def _connected(self, link: str) -> None:
        if link == "distributor":
            self._is_welcome = False
        else:
            self._is_known_to_collector = False
        self.greet()

    def _disconnected(self, link: str) -> None:
        if link == "distributor":
            self._is_welcome = False
        else:
            self._is_known_to_collector = False

    def greet(self) -> None:
        if not self._is_welcome:
            held = [(job.seq, job.attempt) for job in self.queue]
            held += [(job.seq, job.attempt) for job in self.running.values()]
            held += [(seq, kept.attempt) for seq, kept in self._outbox.items()]
            self._hello("distributor", held)
        if "collector" in self.links and not self._is_known_to_collector:
            self._hello("collector", [])

    def _hello(self, link: str, held: List[Ref]) -> None:
        def write(writer: Writer) -> None:
            writer.byte(ROLES.index("worker"))
            writer.text(self.worker.worker_id)
            writer.text(self.worker.task_type)
            writer.refs(held)

        self.links[link].send(encode_message("hello", self.run, write))

    # -- messages --

    def _message(self, link: str, message: Message) -> None:
        kind = message["type"]
        if kind == "refuse":
            if link == "collector":
                return log.warning("the collector refused this worker: %s", message["reason"])
            return self.over(PipelineError("PEER_REFUSED", f"The distributor refused this worker: {message['reason']}"))
        if link == "collector":
            if kind == "welcome" and message["run"] == self.run:
                self._is_known_to_collector = True
                self._send_again(lambda _: True)  # rule: all unconfirmed results after each welcome
            return None
        if kind == "welcome":
            return self._welcome(message)
        if kind == "end" and (message["run"] == self.run or self.run == ""):
            self.run = message["run"]
            self._say("bye")
            return self.over(None, message["status"])
        if message["run"] != self.run:
            return None  # rule: messages of another run are dropped
        if kind == "grant":
            self._grant(message)
        elif kind == "recall":
            self._returned(self.give_back(message["count"]))
        elif kind == "revoke":
            revoked = dict(message["items"])
            self.queue = deque(job for job in self.queue if revoked.get(job.seq) != job.attempt)
        elif kind == "resend":
            self._send_again(lambda _: True)
        elif kind == "ping":
            self._say("pong")
        return None

    def _welcome(self, message: Message) -> None:
        self._is_welcome = True
        if message["run"] == self.run:
            if self.phase == "working":
                self._ready()
            elif self.phase == "leaving":
                self._returned([])
            return
        if self.run != "":
            log.info("the distributor began another run")
            self.drop_all()
            self._outbox.clear()
            self._drop_batch()
        self.run = message["run"]
        self.pool.timeout_ms = int(self.worker.timeout * 1000) if self.worker.timeout else message["timeout_ms"]
        self.phase = "initialising"
        self._is_known_to_collector = False
        if "collector" not in self.links:
            self.links["collector"] = _Link(self.worker.collector_endpoint, "collector", self.keys, self)
        self.greet()
        self.pool.begin(message["metadata"])

    def _became_ready(self) -> None:
        self._ready()

    def _grant(self, message: Message) -> None:
        self.drop([seq for seq in message["settled"] if self._outbox.pop(seq, None) is None])
        for seq, attempt in message["failures_seen"]:
            kept = self._outbox.get(seq)
            if kept is not None and kept.payload is None and kept.attempt == attempt:
                del self._outbox[seq]
        for seq, attempt, payload in message["items"]:
            self._outbox.pop(seq, None)
            self.queue.append(_Job(seq, attempt, payload, self.run, seq % GENERATION, message["solo"]))
        if self.phase == "leaving" and message["items"]:
            self._returned(self.give_back(float("inf")))

    # -- outcomes --

    def _ended(self, job: _Job, outcome: _Outcome) -> None:
        if self.running.pop(job.seq, None) is not job:
            return
        self.executed += 1
        now = time.monotonic()
        if outcome.payload is None:
            self.failed += 1
            self._fail(job, outcome, now)
            return
        self._outbox[job.seq] = _Kept(job.attempt, outcome.payload, None, now)
        if not self._batch:
            self._batch_since = now
        self._batch.append((job.seq, job.attempt, outcome.payload))
        self._batch_bytes += len(outcome.payload)
        self._batch_busy += outcome.busy_ms
        if job.solo or len(self._batch) >= BATCH_ITEMS or self._batch_bytes >= BATCH_BYTES:
            self._flush()

    def _fail(self, job: _Job, outcome: _Outcome, now: float) -> None:
        def write(writer: Writer) -> None:
            writer.integer(job.seq)
            writer.integer(job.attempt)
            writer.byte(1 if outcome.retryable else 0)
            writer.error(outcome.error or _failure("", ""))

        message = encode_message("fail", self.run, write)
        self._outbox[job.seq] = _Kept(job.attempt, None, message, now)
        self.links["distributor"].send(message)

    def _flush(self) -> None:
        if not self._batch or not self._is_known_to_collector:
            return
        items, busy_ms = self._batch, self._batch_busy
        self._drop_batch()
        self._results(items, busy_ms)

    def _drop_batch(self) -> None:
        self._batch, self._batch_bytes, self._batch_busy = [], 0, 0.0

    def _results(self, items: List[Tuple[int, int, bytes]], busy_ms: float) -> None:
        def write(writer: Writer) -> List[bytes]:
            writer.text(self.worker.task_type)
            writer.text(self.worker.worker_id)
            writer.integer(-int(-busy_ms * 1000 // 1))  # µs, rounded up
            _write_items(writer, items)
            return [payload for _, _, payload in items]

        self.links["collector"].send(encode_message("result", self.run, write))

    def _send_again(self, is_due: Callable[[_Kept], bool]) -> None:
        """Sends unconfirmed results again, without a measurement."""
        if not self._is_known_to_collector:
            return
        self._drop_batch()  # its results are kept, too
        now = time.monotonic()
        items: List[Tuple[int, int, bytes]] = []
        size = 0
        for seq, kept in self._outbox.items():
            if kept.payload is None or not is_due(kept):
                continue
            kept.sent_at, kept.wait = now, min(2 * kept.wait, 30.0)
            items.append((seq, kept.attempt, kept.payload))
            size += len(kept.payload)
            if len(items) >= BATCH_ITEMS or size >= BATCH_BYTES:
                self._results(items, 0.0)
                items, size = [], 0
        if items:
            self._results(items, 0.0)

    def _tick(self, now: float) -> None:
        busy = len(self.queue) + len(self.running)
        is_starving = not self.queue and not self.pool.back and len(self.running) < self.worker.concurrency
        # Rule: at once when it holds half of what the worker has, or a slot has nothing to execute; otherwise after 100 ms.
        if self._batch and (is_starving or len(self._batch) >= busy or now - self._batch_since >= 0.1):
            self._flush()
        if now >= self._next_check:
            self._next_check = now + 0.5
            self._look_through(now)
        if self.phase == "leaving" and not self.running and not self._outbox and not self.queue:
            self._say("bye")
            self.over(None)
        is_missing = not self.links["distributor"].is_connected
        self.silent_for_too_long(is_missing, now, "distributor")

    def _look_through(self, now: float) -> None:
        """Rule: outcomes that are unconfirmed for too long are sent again."""
        for kept in self._outbox.values():
            if kept.message is not None and now - kept.sent_at >= kept.wait:
                kept.sent_at, kept.wait = now, min(2 * kept.wait, 30.0)
                self.links["distributor"].send(kept.message)
        if any(kept.payload is not None and now - kept.sent_at >= kept.wait for kept in self._outbox.values()):
            self._flush()
            self._send_again(lambda kept: now - kept.sent_at >= kept.wait)

    def leave(self) -> None:
        if self.phase in ("waiting", "initialising"):
            return self.over(None)
        self.phase = "leaving"
        self._returned(self.give_back(float("inf")))
        self._flush()
        return None


def _write_items(writer: Writer, items: List[Tuple[int, int, bytes]]) -> None:
    writer.integer(len(items))
    previous = 0
    for seq, attempt, payload in items:
        writer.difference(seq, previous)
        writer.integer(attempt)
        writer.integer(len(payload))
        previous = seq


class _ServiceSession(_Session):
    """docs/protocol.md, "A service's worker". Requests belong to a connection: when it ends, they are dropped."""

    method = "handle_message"
    giver = "service"

    def __init__(self, worker: "ServiceWorker") -> None:
        super().__init__(worker)
        self._is_welcome = False
        self._replies: List[Tuple[int, int, bytes]] = []
        self._replies_bytes = 0
        self._busy_ms = 0.0
        self.pool.timeout_ms = int(worker.timeout * 1000)
        self.links["service"] = _Link(worker.endpoint, "service", self.keys, self)

    def _connected(self, link: str) -> None:
        self._is_welcome = False
        self.greet()

    def _disconnected(self, link: str) -> None:
        self._is_welcome = False
        self.drop_all()
        self._drop_replies()
        self.run = ""
        if self.phase == "leaving":
            self.over(None)

    def greet(self) -> None:
        if self._is_welcome:
            return

        def write(writer: Writer) -> None:
            writer.byte(ROLES.index("serviceworker"))
            writer.text(self.worker.worker_id)
            writer.text(self.worker.task_type)
            writer.refs([])

        self.links["service"].send(encode_message("hello", "", write))

    def _message(self, link: str, message: Message) -> None:
        kind = message["type"]
        if kind == "refuse":
            return self.over(PipelineError("PEER_REFUSED", f"The service refused this worker: {message['reason']}"))
        if kind == "welcome":
            self._is_welcome = True
            self.run = message["run"]
            if self.phase == "working":
                self._ready()
            elif self.phase == "waiting":
                self.phase = "initialising"
                self.pool.begin(b"")
            return None
        if kind == "end" and (message["run"] == self.run or self.run == ""):
            self._flush()
            self.run = message["run"]
            self._say("bye")
            return self.over(None, message["status"])
        if message["run"] != self.run:
            return None
        if kind == "assign":
            for (client, client_seq), (request, attempt, payload) in zip(message["origins"], message["items"]):
                self.queue.append(_Job(request, attempt, payload, client, client_seq, True))
            if self.phase == "leaving":
                self._returned(self.give_back(float("inf")))
        elif kind == "cancel":
            dropped = self.drop(seq for seq, _ in message["items"])
            if dropped:
                self._returned(dropped)
        elif kind == "recall":
            self._returned(self.give_back(message["count"]))
        return None

    def _became_ready(self) -> None:
        if self._is_welcome:
            self._ready()

    def _ended(self, job: _Job, outcome: _Outcome) -> None:
        if self.running.pop(job.seq, None) is not job:
            return
        self.executed += 1
        if outcome.payload is None:
            self.failed += 1

            def write(writer: Writer) -> None:
                writer.byte(1 if outcome.is_given_up else 0)
                writer.error(outcome.error or _failure("", ""))
                writer.refs([(job.seq, job.attempt)])

            return self._say("failure", write)
        self._replies.append((job.seq, job.attempt, outcome.payload))
        self._replies_bytes += len(outcome.payload)
        self._busy_ms += outcome.busy_ms
        if len(self._replies) >= REQUEST_BATCH_ITEMS or self._replies_bytes >= BATCH_BYTES:
            self._flush()
        return None

    def _flush(self) -> None:
        if not self._replies:
            return
        replies, busy_ms = self._replies, self._busy_ms
        self._drop_replies()

        def write(writer: Writer) -> List[bytes]:
            writer.integer(-int(-busy_ms * 1000 // 1))
            _write_items(writer, replies)
            return [payload for _, _, payload in replies]

        self._say("reply", write)

    def _drop_replies(self) -> None:
        self._replies, self._replies_bytes, self._busy_ms = [], 0, 0.0

    def _tick(self, now: float) -> None:
        self._flush()
        if self.phase == "leaving" and not self.running:
            self._say("bye")
            return self.over(None)
        return self.silent_for_too_long(not self.links["service"].is_connected, now, "service")

    def leave(self) -> None:
        if self.phase != "working" or not self._is_welcome:
            return self.over(None)
        self.phase = "leaving"
        self._returned(self.give_back(float("inf")))
        return None


# --- what users write ---------------------------------------------------------------------------------------------------


class _Role:
    """What both kinds of workers have."""

    #: The task type whose items the worker executes.
    task_type: str = ""
    #: Where the worker connects: ``tcp://host:port`` or ``ipc://path``.
    endpoint: str = ""
    #: How many items are executed at a time, each in a process of its own.
    concurrency: int = 1
    #: Longest execution of an item, in seconds; then its process is killed and the item fails with ``EXECUTION_TIMEOUT``. 0: the
    #: task's own timeout, or none.
    timeout: float = 0
    #: Longest time without the distributor or service, in seconds.
    peer_timeout: float = 60
    #: Longest time that ``close_worker`` may take, in seconds.
    close_timeout: float = 5
    #: Path of the worker's key file, as ``zmqpipeline keys`` makes it; None: no keys.
    security: Optional[str] = None
    #: The beginning of the worker's id, in logs and ``zmqpipeline top``.
    id_prefix: str = ""

    _session_class: Type[_Session] = _Session
    _worker_id: Optional[str] = None
    _session: Optional[_Session] = None

    @property
    def worker_id(self) -> str:
        """The worker's id. No other worker has it."""
        if self._worker_id is None:
            prefix = self.id_prefix or socket.gethostname()[:64]
            self._worker_id = f"{prefix}-{os.getpid()}-{random.SystemRandom().getrandbits(32):08x}"
        return self._worker_id

    def init_worker(self, metadata: Any) -> None:
        """Called once in each process before its first item: open files and connections here.

        :param metadata: what the run's ``MetaDataWorker`` provided; ``{}`` without one, and for services.
        """

    def close_worker(self) -> None:
        """Called once in each process at its end, unless it was killed."""

    def run(self, *, signals: bool = True) -> Mapping[str, Any]:
        """Works until the run ends, and returns ``{"status", "executed", "failed"}``.

        :param signals: SIGINT and SIGTERM end the worker in order: what has begun is finished and confirmed. A second one ends it at once.
        :raises PipelineError: ``PEER_TIMEOUT``, ``PEER_REFUSED``, ``INIT_FAILED``, ``KEYS_UNUSABLE``.
        :raises ValueError: when an attribute cannot be used.
        """
        self._check()
        _ = self.worker_id
        session = self._session_class(self)
        self._session = session
        before = {}
        if signals and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, lambda *_: session.stop())
        try:
            return session.loop()
        finally:
            self._session = None
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Ends the worker in order; a second call ends it at once. May be called from another thread."""
        if self._session is not None:
            self._session.stop()

    def _fields(self) -> Dict[str, Any]:
        """The attributes that the processes get."""
        return {name: value for name, value in self.__dict__.items() if name != "_session"}

    def _check(self) -> None:
        for name in self._endpoints():
            value = getattr(self, name)
            if not isinstance(value, str) or not value.startswith(("tcp://", "ipc://")):
                raise ValueError(f"{type(self).__name__}.{name} is {value!r}: it must be tcp://host:port or ipc://path")
        if not isinstance(self.task_type, str) or len(self.task_type.encode()) > MAX_NAME_BYTES:
            raise ValueError(f"{type(self).__name__}.task_type must be a text of up to {MAX_NAME_BYTES} bytes")
        if not isinstance(self.concurrency, int) or self.concurrency < 1:
            raise ValueError(f"{type(self).__name__}.concurrency is {self.concurrency!r}: it must be an integer of at least 1")
        if self.timeout < 0:
            raise ValueError(f"{type(self).__name__}.timeout is {self.timeout!r}: it must be a number of seconds of at least 0")

    def _endpoints(self) -> List[str]:
        return ["endpoint"]


class Worker(_Role):
    """Executes the items of one task of a batch.

    The class must be importable by the worker's processes: define it at the top of a file, and call ``run()`` under
    ``if __name__ == "__main__":``.
    """

    #: Where the run's collector listens.
    collector_endpoint: str = ""

    _session_class = _BatchSession

    def handle_execution(self, data: Any, info: Info) -> Any:
        """Executes one item.

        :param data: the item's data: dict, list, str, bytes, int, float, bool, None, datetime or array.
        :param info: the item's id and attempt.
        :returns: the result. Returning nothing means ``{}``.
        :raises Exception: anything; the item is retried as its task says. An exception with ``retryable = False`` is not.
        """
        raise NotImplementedError

    def _check(self) -> None:
        super()._check()
        if not self.task_type:
            raise ValueError(f"{type(self).__name__}.task_type is missing")

    def _endpoints(self) -> List[str]:
        return ["endpoint", "collector_endpoint"]


class ServiceWorker(_Role):
    """Answers the requests of a service; ``endpoint`` is the service's ``backendEndpoint``.

    The class must be importable by the worker's processes: define it at the top of a file, and call ``run()`` under
    ``if __name__ == "__main__":``.
    """

    peer_timeout: float = float("inf")

    _session_class = _ServiceSession

    def handle_message(self, data: Any, info: Info) -> Any:
        """Answers one request.

        :param data: what the client sent.
        :param info: the request's id and attempt.
        :returns: the reply. Returning nothing means ``{}``.
        :raises Exception: anything; the client gets it as an error with its name, message and stack.
        """
        raise NotImplementedError
