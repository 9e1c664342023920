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
import contextlib
import dataclasses
import datetime
import difflib
import errno
import functools
import inspect
import json
import logging
import multiprocessing
import os
import pickle
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import unicodedata
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Type, Union
from uuid import UUID

import msgpack
import zmq
from zmq.utils.monitor import recv_monitor_message

__all__ = ["Info", "PipelineError", "ServiceWorker", "Worker"]
__version__ = "0.1.0"

log = logging.getLogger("zmqpipeline")

# --- the wire: docs/protocol.md, "Frames", "Payloads", "Messages" -------------------------------------------------------

PROTOCOL_VERSION = 9
MAX_PAYLOAD_BYTES = 32 * 1024 * 1024

#: What the values of a payload count as in all, at the most; and the size up to which a payload cannot hold too many.
MAX_VALUES = 524_288
UNCOUNTED_BYTES = 32_768

#: Most references to items in a message.
MAX_REFS = 32_768
MAX_FRAME_BYTES = 4 * 1024 * 1024
MAX_NAME_BYTES = 255
MAX_TICKET_BYTES = 64
BATCH_ITEMS = 512
REQUEST_BATCH_ITEMS = 128
BATCH_BYTES = 256 * 1024
OWN_FRAME_BYTES = 32 * 1024
PIECE_BYTES = 64 * 1024
GENERATION = 2**40
MAX_TEXT = 16 * 1024
MAX_DETAIL_BYTES = 64 * 1024

TYPES = (
    "refuse hello welcome open ready grant recall revoke returned fail result failed ack metadata end ping pong bye ended "
    "accepted resend request assign reply failure cancel inspect report blocked produced assigned sync synced"
).split()
CODES = {name: code for code, name in enumerate(TYPES)}
ROLES = "distributor worker collector metadataworker service serviceworker serviceclient".split()
STATUSES = "complete stopped aborted".split()

#: One execution of one item: its sequence number and its attempt.
Ref = Tuple[int, int]
Message = Dict[str, Any]


class ProtocolError(Exception):
    """Received bytes are no message, or no value."""

    code = "BAD_MESSAGE"


class PipelineError(Exception):
    """The worker cannot go on.

    ``code`` is one of zmqpipeline's error codes: ``PEER_TIMEOUT``, ``PEER_REFUSED``, ``INIT_FAILED``, ``KEYS_UNUSABLE``, ``NESTED_RUN``,
    ``WORKER_FAILED``, ``CLOSE_FAILED``.
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
        self.integer(len(error["detail"]))
        self.data += error["detail"]


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

    def text(self, longest: int = MAX_NAME_BYTES) -> str:
        size = self.integer()
        if size > longest:
            raise ProtocolError("field is too long")
        return self.take(size).decode("utf-8", "replace")

    def attempt(self) -> int:
        value = self.integer()
        if value >= 2**32:
            raise ProtocolError("attempt is out of range")
        return value

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
            values.append((seq, self.attempt()))
        return values

    def items(self) -> List[Tuple[int, int, int]]:
        values, seq = [], 0
        for _ in range(self.count()):
            seq = self.difference(seq)
            values.append((seq, self.attempt(), self.integer()))
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
            frames += [payload[at : at + PIECE_BYTES] for at in range(0, len(payload), PIECE_BYTES)]
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
        message["reason"] = reader.text(4096)
    elif kind == "welcome":
        message.update(role=_choice(ROLES, reader.byte()), peer_id=reader.text(), timeout_ms=reader.integer())
        message.update(ticket=reader.text(MAX_TICKET_BYTES), context=reader.text(10_000))
        (message["metadata"],) = _payloads(reader, frames, [reader.integer()])
    elif kind == "grant":
        message.update(solo=reader.flag(), settled=reader.seqs(), failures_seen=reader.refs())
        message["items"] = _items(reader, frames)
    elif kind == "recall":
        message["count"] = reader.integer()
    elif kind == "sync":
        message["number"] = reader.integer()
    elif kind in ("revoke", "cancel"):
        message["items"] = reader.refs()
    elif kind == "end":
        message.update(status=_choice(STATUSES, reader.byte()), reason=reader.text(4096))
    elif kind == "assign":
        clients = [reader.text() for _ in range(reader.count())]
        contexts = [reader.text(10_000) for _ in range(reader.count())]
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
    """Takes the payloads from what follows the fields: the frames are one run of bytes."""
    data, at = (reader.data, reader.at) if len(frames) == 1 else (b"".join([reader.data[reader.at :], *frames[1:]]), 0)
    if sum(sizes) != len(data) - at:
        raise ProtocolError("payloads and their sizes do not agree")
    payloads = []
    for size in sizes:
        payloads.append(data[at : at + size])
        at += size
    return payloads


#: Codes of JavaScript's typed arrays, as those of Python's ``array``.
_ARRAYS = {0: "b", 1: "B", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 8: "d", 9: "q", 10: "Q"}


def _extension(code: int, data: bytes) -> Any:
    if code == 0x42:
        return int.from_bytes(data, "big", signed=True)
    if code == 0x74:
        kind = _ARRAYS.get(data[0]) if data else ""
        if kind == "":
            raise ProtocolError("payload has an array without a kind")
        if kind is None:
            return bytes(data[1:])
        values = array.array(kind)
        values.frombytes(data[1:])  # ValueError when an element is cut off
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


class _Unsendable(TypeError):
    """A result that cannot be sent: another attempt would give the same."""

    retryable = False

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def decode_value(payload: bytes) -> Any:
    """Decodes an item's data. No bytes mean an empty dict.

    :raises ProtocolError: when the bytes are no payload.
    """
    if not payload:
        return {}
    try:
        return _unpack(payload)
    except ProtocolError:
        raise
    except Exception as error:  # msgpack has a dozen kinds
        raise ProtocolError(f"The data cannot be decoded: {type(error).__name__}: {error}") from None


def encode_value(value: Any) -> bytes:
    """Encodes a result. ``None`` means an empty dict, as nothing does in JavaScript.

    :raises TypeError: when the value, or a part of it, cannot be sent; the message has its path.
    """
    if value is None:
        return b""
    try:
        payload = _pack(value if _is_plain(value, 0) else _prepared(value, "result", 0))
    except (OverflowError, UnicodeEncodeError):  # integers beyond 64 bits, and lone surrogates, are seen by msgpack
        payload = _pack(_prepared(value, "result", 0))
    if len(payload) > MAX_PAYLOAD_BYTES:
        text = f"The result has {len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} fit in a message"
        raise _Unsendable(text, "PAYLOAD_TOO_LARGE")
    if len(payload) > UNCOUNTED_BYTES and _values(value, {}) > MAX_VALUES:
        text = ("The result has too many parts: its receiver would take too long to decode it. Send many numbers as an array, "
                "a long text as bytes, and a large list of dicts as several items, or as JSON in bytes")
        raise _Unsendable(text, "PAYLOAD_TOO_LARGE")
    return payload


def _values(value: Any, shapes: Dict[Any, int]) -> int:
    """What a sendable value counts as, by docs/protocol.md, "Values in a payload".

    :param shapes: The sequences of keys that the payload's dicts have begun with so far, by the sequence before and the key.
    """
    if value is None or isinstance(value, float):
        return 1
    if isinstance(value, int):
        if -2**31 <= value < 2**32:
            return 1
        return 4 if -2**63 <= value < 2**64 else 30 + value.bit_length() // 24
    if isinstance(value, str):
        return _text_values(value)
    if isinstance(value, (list, tuple)):
        return 3 + sum(_values(element, shapes) for element in value)
    if not isinstance(value, dict):
        is_binary = isinstance(value, (bytes, bytearray, memoryview, array.array))
        return 30 + (memoryview(value).nbytes if is_binary else 0) // 80
    count, shape = 3, 0
    for index, (key, element) in enumerate(value.items()):
        count += _text_values(key) + (len(key.encode("utf-8", "replace")) + 5) // 8 + _values(element, shapes)
        if key[:1].isdigit() and key[-1:].isdigit() and len(key) <= 10:
            count += 12
        if index >= 16:
            count += 10
        elif (shape, key) not in shapes:
            count += 30
            shape = shapes[(shape, key)] = len(shapes) + 1
        else:
            count += 12 if len(shapes) > 256 else 0
            shape = shapes[(shape, key)]
    return count


def _text_values(text: str) -> int:
    if not text.isascii():
        return 3 + len(text.encode("utf-8", "replace")) // 7
    short = min(len(text), 256)
    return 3 + short // 16 + (len(text) - short) // 80


def _pack(value: Any) -> bytes:
    try:
        packed: bytes = msgpack.packb(value, use_bin_type=True)
    except (ValueError, MemoryError) as error:
        if isinstance(error, UnicodeEncodeError):
            raise
        raise _Unsendable(f"The result cannot be encoded: {error}", "PAYLOAD_TOO_LARGE") from None
    return packed


_SCALARS = frozenset([str, int, float, bool, type(None), bytes])
_TEXT = frozenset([str])
MAX_LEVELS = 100
#: Bits of a bigint, with its sign.
MAX_INTEGER_BITS = 2048


def _is_plain(value: Any, level: int) -> bool:
    """Whether msgpack encodes the value as it is, apart from large integers and lone surrogates. Fast: most results are plain."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is dict:
        if not _TEXT.issuperset(map(type, value)) or "__proto__" in value:
            return False
        parts = value.values()
    elif kind is list or kind is tuple:
        parts = value
    else:
        return False
    if _SCALARS.issuperset(map(type, parts)):
        return level < MAX_LEVELS
    return level < MAX_LEVELS and all(_is_plain(part, level + 1) for part in parts)


def _prepared(value: Any, path: str, level: int) -> Any:
    """The value as msgpack encodes it. Raises `_Unsendable` for what cannot be sent."""
    if value is None or isinstance(value, (bool, float, bytes)):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else _large_integer(int(value), path)
    if isinstance(value, str):
        return _text_or_utf16(str.__str__(value))
    if isinstance(value, (dict, list, tuple)):
        if level >= MAX_LEVELS:
            raise _Unsendable(f"Value at {_short(path)} lies more than {MAX_LEVELS} levels deep, or contains itself")
        if isinstance(value, dict):
            return _prepared_dict(value, path, level)
        return [_prepared(part, f"{path}[{index}]", level + 1) for index, part in enumerate(value)]
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, datetime.datetime):
        return _timestamp(value, path)
    if isinstance(value, array.array):
        for code, kind in _ARRAYS.items():
            if kind == value.typecode and value.itemsize == array.array(kind).itemsize:
                return msgpack.ExtType(0x74, bytes([code]) + _little_endian(value))
        return _prepared(value.tolist(), path, level)
    if isinstance(value, msgpack.Timestamp):
        return value
    if hasattr(value, "tolist") and not isinstance(value, type):  # numpy's arrays and numbers
        listed = value.tolist()
        if not hasattr(listed, "tolist"):
            return _prepared(listed, path, level)
    raise _Unsendable(f"Value at {_short(path)} is of type {type(value).__name__}, which cannot be sent{_advice(value)}")


def _prepared_dict(value: Dict[Any, Any], path: str, level: int) -> Any:
    pairs = []
    is_text = True
    for key, part in value.items():
        if not isinstance(key, str):
            raise _Unsendable(f"Value at {_short(path)} has the key {_short(_safely(repr, key))}, which is no str: send str(key)")
        if key == "__proto__":
            raise _Unsendable(f"Value at {_short(path)} has the key '__proto__', which cannot be sent")
        sent = _text_or_utf16(str.__str__(key))
        is_text = is_text and isinstance(sent, str)
        pairs.append((sent, _prepared(part, f"{path}.{key}", level + 1)))
    if is_text:
        return dict(pairs)
    return msgpack.ExtType(0x6F, b"\0" + _pack([part for pair in pairs for part in pair]))


def _text_or_utf16(value: str) -> Any:
    """Lone surrogates are what file names that are no UTF-8 have in Python."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return msgpack.ExtType(0x75, value.encode("utf-16-le", "surrogatepass"))
    return value


def _large_integer(value: int, path: str) -> Any:
    if value.bit_length() >= MAX_INTEGER_BITS:
        raise _Unsendable(f"Value at {_short(path)} is an int of {value.bit_length()} bits; at most {MAX_INTEGER_BITS - 1} can be sent")
    return msgpack.ExtType(0x42, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _timestamp(value: datetime.datetime, path: str) -> Any:
    """A date in JavaScript has whole milliseconds."""
    try:
        in_utc = value.astimezone(datetime.timezone.utc)
    except (OverflowError, ValueError, OSError):
        raise _Unsendable(f"Value at {_short(path)} is the datetime {value}, which is out of range in UTC") from None
    return msgpack.Timestamp.from_datetime(in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000))


def _little_endian(values: "array.array[Any]") -> bytes:
    if sys.byteorder == "big":
        values = array.array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


# Characters that have no shape, though Python takes them for printable.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """A peer's text as it may stand in a log: characters that cannot be seen, and that a terminal would obey, as escapes."""
    return "".join(ascii(c)[1:-1] if c in _BLANK or not c.isprintable() else c for c in text)


def _short(path: str) -> str:
    return path if len(path) <= 200 else f"{path[:100]}…{path[-99:]}"


def _advice(value: Any) -> str:
    if isinstance(value, Iterable):
        return ": send list(…)"
    if dataclasses.is_dataclass(value):
        return ": send dataclasses.asdict(…)"
    if hasattr(value, "__await__"):
        return ": a handler is a plain function; asyncio.run() waits for a coroutine"
    if isinstance(value, (datetime.date, datetime.time, Decimal, PurePath, UUID)):
        return ": send str(…)"
    return "; a result may hold dict, list, tuple, str, bytes, numbers, bool, None, datetime and array"


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
#: Exit code of a process whose import of the user's file has called `run()`.
NESTED_RUN = 113
#: Exit code of a process whose handler has closed the connection to the worker.
CLOSED_FILES = 114
#: Bytes that one read takes from a process, and reads in a turn of the loop.
STREAM_BYTES = 256 * 1024
STREAM_READS = 16
#: How long a process has that does not speak any more, until it is killed.
CUT_SECONDS = 1.0
LOCK_SECONDS = 0.1
#: How often the worker looks for processes that have ended.
LOOK_SECONDS = 0.02


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
    error: Optional[Dict[str, Any]]
    retryable: bool
    busy_ms: float
    is_given_up: bool = False


def _error_of(error: BaseException) -> Dict[str, Any]:
    """An error as messages carry it. The stack has no frames of this file."""
    described = _described(error, MAX_TEXT)
    return {**described, "detail": _detail_of(error)}


def _described(error: BaseException, limit: int) -> Dict[str, Any]:
    frames = [entry for entry in traceback.extract_tb(error.__traceback__) if entry.filename != __file__]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
    message = _safely(str, error)
    code = _member(error, "code")
    name = "TypeError" if isinstance(error, _Unsendable) else type(error).__name__
    return {
        "name": _cut(name, 1024),
        "message": _cut(message, limit),
        "stack": _cut("".join(lines)[-limit // 2 :], limit // 2) + _cut(f"{name}: {message}\n", limit // 2),
        "code": _cut(code, 1024) if isinstance(code, str) else "",
    }


def _detail_of(error: BaseException) -> bytes:
    """Causes, the errors of a group, and properties. Protocol: "Errors"."""
    parts = {**_parts_of(error, 8), "properties": _properties_of(error)}
    for left_out in ("", "properties", "errors", "cause"):
        parts.pop(left_out, None)
        detail = _pack({name: part for name, part in parts.items() if part})
        if len(detail) <= MAX_DETAIL_BYTES:
            return detail if len(detail) > 1 else b""
    return b""


def _parts_of(error: BaseException, levels: int) -> Dict[str, Any]:
    parts: Dict[str, Any] = {}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and levels > 0:
        parts["cause"] = _part_of(cause, levels - 1)
    group = _member(error, "exceptions")
    if isinstance(group, (list, tuple)) and levels > 0:
        parts["errors"] = [_part_of(member, 0) for member in group[:32] if isinstance(member, BaseException)]
    return parts


def _part_of(error: BaseException, levels: int) -> Dict[str, Any]:
    described = {name: _well_formed(text) for name, text in _described(error, 4096).items()}
    return {"error": {**described, **_parts_of(error, levels)}}


def _properties_of(error: BaseException) -> Dict[str, Any]:
    """What the exception has as attributes, as far as these are texts and numbers."""
    taken = ("name", "message", "stack", "cause", "errors", "retryable", "__proto__")
    properties: Dict[str, Any] = {}
    for name, value in list(vars(error).items())[:32]:
        if name in taken or name.startswith("_") or (name == "code" and isinstance(value, str)):
            continue
        if type(value) is str:
            properties[_well_formed(name)] = _well_formed(_cut(value, 4096))
        elif type(value) in (bool, float) or (type(value) is int and abs(value) <= 2**53):
            properties[_well_formed(name)] = value
    return properties


def _safely(describe: Callable[[Any], str], value: Any) -> str:
    """``str()`` or ``repr()`` of a user's object, which may raise."""
    try:
        return describe(value)
    except Exception as error:
        return f"<{describe.__name__}() of a {type(value).__name__} raised a {type(error).__name__}>"


def _member(error: BaseException, name: str) -> Any:
    """An attribute of a user's exception, which may be a property that raises."""
    try:
        return getattr(error, name, None)
    except Exception:
        return None


def _cut(text: str, units: int) -> str:
    """Limits are in JavaScript's characters: an emoji has two."""
    if len(text) > units:
        text = text[:units]
    while len(text) + sum(character > "\uffff" for character in text) > units:
        text = text[: -max(1, (len(text) + sum(character > "\uffff" for character in text) - units) // 2)]
    return text


def _well_formed(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _has_hidden(text: str) -> bool:
    """Whether a text has characters that a terminal obeys, or that nobody can see: no name may have them."""
    return any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)


def _failure(code: str, message: str) -> Dict[str, Any]:
    return {"name": "PipelineError", "message": message, "stack": "", "code": code, "detail": b""}


class _Stream:
    """One end of a socket between the worker and one of its processes: pickled values, each with its length before it.

    The worker's end does not block: what a process does not read is kept, so that a process that is busy, stopped or dead never holds
    the worker up.
    """

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._unsent: Deque[memoryview] = deque()
        self._unread = bytearray()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def send(self, value: Any) -> None:
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._unsent.append(memoryview(len(data).to_bytes(8, "big") + data))
        self.flush()

    def flush(self) -> None:
        while self._unsent:
            try:
                sent = self.socket.send(self._unsent[0])
            except BlockingIOError:
                return
            except OSError:
                return self._unsent.clear()  # the other end is gone, which is seen when it is read
            rest = self._unsent.popleft()[sent:]
            if rest:
                self._unsent.appendleft(rest)
        return None

    def read(self) -> Optional[int]:
        """Reads a part of what has come. Returns how many bytes; None when the other end is gone."""
        try:
            data = self.socket.recv(STREAM_BYTES)
        except BlockingIOError:
            return 0
        except ConnectionError:
            return None
        self._unread += data
        return len(data) or None

    def has_value(self) -> bool:
        return len(self._unread) >= 8 and len(self._unread) - 8 >= int.from_bytes(self._unread[:8], "big")

    def take(self) -> Any:
        """The next value, of which `has_value` knows."""
        end = 8 + int.from_bytes(self._unread[:8], "big")
        value = pickle.loads(bytes(self._unread[8:end]))
        del self._unread[:end]
        return value

    def close(self) -> None:
        self._unsent.clear()
        self.socket.close()


class _Guard:
    """A shell beside the worker: it ends the worker's processes, and what those have started, when the worker is gone, however that ended."""

    _SCRIPT = """trap '' INT TERM HUP; groups=' '
        while read -r does group; do case $does in
            add) groups="$groups $group " ;;
            *) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
        esac; done
        for group in $groups; do kill -s KILL -- "-$group"; kill -s KILL "$group"; done"""

    def __init__(self) -> None:
        quiet = subprocess.DEVNULL
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", self._SCRIPT], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True
        )

    def _say(self, line: str) -> None:
        pipe = self._shell.stdin
        assert pipe is not None
        try:
            pipe.write(line.encode())
            pipe.flush()
        except OSError as error:
            log.warning("the shell that ends processes when the worker is killed is gone: %s", error)

    def add(self, pid: int) -> None:
        self._say(f"add {pid}\n")

    def remove(self, pid: int) -> None:
        self._say(f"remove {pid}\n")

    def close(self) -> None:
        pipe = self._shell.stdin
        assert pipe is not None
        with contextlib.suppress(OSError):  # said by `_say`
            pipe.close()
        self._shell.wait()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Has a process begin without SIGINT and SIGTERM, until it handles them: they are the worker's, which ends in order."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_ENDING = (signal.SIGINT, signal.SIGTERM)


def _begin_process(parent: int) -> bool:
    """Makes this process one that ends with the worker. False: the worker is gone already."""
    os.setpgid(0, 0)  # what a handler starts is ended with it
    for number in _ENDING:
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which programs that a handler starts would have, too
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)

    def forked() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    os.register_at_fork(after_in_child=forked)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, beside the guard
    return os.getppid() == parent


def _child_main(
    end: socket.socket, parent: int, state: Any, lock: Any, worker_class: Type["_Role"], fields: Dict[str, Any], method: str
) -> None:
    """The main function of a process: executes items until its stream ends."""
    if not _begin_process(parent):
        return
    end.setblocking(True)
    stream = _Stream(end)
    poll = select.poll()
    poll.register(end, select.POLLIN)
    own_pid, own_end = os.getpid(), os.fstat(end.fileno()).st_ino
    worker = worker_class.__new__(worker_class)  # its attributes come from the worker that runs
    worker.__dict__.update(fields)
    handler = getattr(worker, method)
    outcomes: List[Tuple[Any, ...]] = []
    index, flushed_at = 0, 0.0
    has_begun = False
    while True:
        if outcomes and not stream.has_value() and not poll.poll(0):
            stream.send(("outcomes", outcomes))
            outcomes, flushed_at = [], time.perf_counter()
        while not stream.has_value():
            if stream.read() is None:
                return
        kind, *parts = stream.take()
        if kind == "begin":
            answer = _begin(worker, parts[0])
            has_begun = answer[0] == "ready"
            stream.send(answer)
            continue
        if kind == "close":
            if has_begun:
                stream.send(_close(worker))
            return
        lot, items = parts
        for seq, attempt, payload, source, number in items:
            with lock:
                is_wanted = state[1] < lot
                if is_wanted:
                    state[0] = index + 1
            if is_wanted:
                info = Info(f"{source}/{worker.task_type}/{number}", attempt, worker.task_type, seq // GENERATION, worker.worker_id)
                outcome = _execute(handler, payload, info)
                if os.getpid() != own_pid:
                    os._exit(0)  # the handler has forked, and this is the copy
                if not _is_open(end, own_end):
                    os._exit(CLOSED_FILES)
                outcomes.append((index, *outcome))
            index += 1
            now = time.perf_counter()
            if outcomes and (now - flushed_at) * 1000 >= FLUSH_MS:
                stream.send(("outcomes", outcomes))
                outcomes, flushed_at = [], now


def _is_open(end: socket.socket, inode: int) -> bool:
    """Whether a handler has left the stream alone: some close all files of their process."""
    try:
        return os.fstat(end.fileno()).st_ino == inode
    except OSError:
        return False


def _begin(worker: "_Role", metadata: bytes) -> Tuple[Any, ...]:
    try:
        worker.init_worker(decode_value(metadata))
        return ("ready",)
    except BaseException as error:  # whatever the user's code raises
        return ("failed", _error_of(error))


def _close(worker: "_Role") -> Tuple[Any, ...]:
    try:
        worker.close_worker()
        return ("closed",)
    except BaseException as error:  # whatever the user's code raises
        return ("close failed", _error_of(error))


def _execute(handler: Callable[[Any, Info], Any], payload: bytes, info: Info) -> Tuple[Any, ...]:
    """Returns the fields of an `_Outcome`, which takes longer to travel than a tuple."""
    started = time.perf_counter()
    try:
        result, error, retryable = encode_value(handler(decode_value(payload), info)), None, True
    except BaseException as raised:  # whatever the user's code raises, sys.exit() included: it is the item that fails
        result, error = None, _error_of(raised)
        retryable = _member(raised, "retryable") is not False
    return result, error, retryable, (time.perf_counter() - started) * 1000


class _Process:
    """One process that executes items, one at a time. Nothing here waits for it."""

    def __init__(self, worker: "_Role", method: str, guard: _Guard) -> None:
        context = multiprocessing.get_context("spawn")  # forking a process with ZeroMQ's threads is not safe
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.stream = _Stream(ours)
        #: Items begun so far, and the last lot whose items must not be begun any more.
        self.state = context.RawArray("q", [0, -1])
        self.lock = context.Lock()
        arguments = (theirs, os.getpid(), self.state, self.lock, type(worker), worker._fields(), method)
        self.process = context.Process(target=_child_main, args=arguments, daemon=False)  # a daemon could not use multiprocessing
        try:
            with _signals_held():
                self.process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.pid = self.process.pid or 0
        self._guard = guard
        guard.add(self.pid)
        self.is_ready = False
        #: Since when the process does not speak any more, though it may live.
        self.cut_at: Optional[float] = None
        self.close_error: Optional[Dict[str, Any]] = None
        self.jobs: Deque[_Job] = deque()
        self.progress_at = time.monotonic()
        self.next_index = 0
        self.next_lot = 0

    def give(self, jobs: List[_Job]) -> None:
        if not self.jobs:
            self.progress_at = time.monotonic()
        lot = self.next_lot
        self.next_lot += 1
        for job in jobs:
            job.index, job.lot = self.next_index, lot
            self.next_index += 1
            self.jobs.append(job)
        self.stream.send(("items", lot, [(job.seq, job.attempt, job.payload, job.source, job.number) for job in jobs]))

    def take_back(self) -> List[_Job]:
        """Takes the jobs that have not begun."""
        if not self.lock.acquire(timeout=LOCK_SECONDS):
            return []  # it was killed or stopped while it had the lock
        self.state[1] = self.next_lot - 1
        begun = self.state[0]
        self.lock.release()
        back = [job for job in self.jobs if job.index >= begun]
        self.jobs = deque(job for job in self.jobs if job.index < begun)
        return back

    def messages(self, reads: int = STREAM_READS) -> Iterator[Tuple[Any, ...]]:
        """What the process has said. A turn of the worker's loop reads a bounded part of it."""
        for _ in range(reads):
            size = self.stream.read() if self.cut_at is None else None
            while self.stream.has_value():
                yield self.stream.take()
            if size is None and self.cut_at is None:
                self.cut_at = time.monotonic()
            if not size:
                return

    def has_ended(self, now: float) -> bool:
        return self.process.exitcode is not None or (self.cut_at is not None and now - self.cut_at >= CUT_SECONDS)

    @property
    def how_it_ended(self) -> str:
        code = self.process.exitcode
        if code is None or code == CLOSED_FILES:
            return "after its handler had closed its files"
        return f"with signal {-code}" if code < 0 else f"with exit code {code}"

    def kill(self) -> None:
        """Kills the process and what it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has not made its group yet, or nobody is in it
            os.killpg(self.pid, signal.SIGKILL)
        if self.process.exitcode is None:
            self.process.kill()
        self.stream.close()
        self._guard.remove(self.pid)


class _Pool:
    """The processes of a worker. Jobs go to the one with the fewest; what waits behind a long one goes to others."""

    def __init__(self, worker: "_Role", method: str, ended: Callable[[_Job, _Outcome], None]) -> None:
        self._worker = worker
        self._method = method
        self._ended = ended
        self._metadata: Optional[bytes] = None
        self._mean_ms: Optional[float] = None
        self._failed_starts = 0
        self._next_look = 0.0
        self._is_closing = False
        self._guard = _Guard()
        self.error: Optional[PipelineError] = None
        #: Longest execution of an item, in ms; 0: no limit.
        self.timeout_ms = 0
        self.processes: List[_Process] = []
        #: Jobs that came back from a process, before those of the worker's queue.
        self.back: Deque[_Job] = deque()
        try:
            for _ in range(worker.concurrency):
                self.processes.append(self._start())
        except BaseException:
            self.close(0.0)
            raise

    @property
    def is_ready(self) -> bool:
        return all(process.is_ready for process in self.processes)

    def begin(self, metadata: bytes) -> None:
        self._metadata = metadata
        for process in self.processes:
            process.is_ready = False
            process.stream.send(("begin", metadata))

    def room(self) -> List[Tuple[_Process, int]]:
        """The processes that take jobs now, and how many."""
        ahead = 1 if self._mean_ms is None else max(1, min(MAX_AHEAD, int(AHEAD_MS / max(self._mean_ms, 0.001))))
        limit = 1 if ahead == 1 else 2 * ahead
        takers = [process for process in self.processes if process.is_ready and not process.stream.has_unsent]
        free = [(process, min(ahead, limit - len(process.jobs))) for process in takers]
        return sorted((entry for entry in free if entry[1] > 0), key=lambda entry: len(entry[0].jobs))

    def take_back(self) -> None:
        for process in self.processes:
            if process.jobs:
                self.back.extendleft(reversed(process.take_back()))

    def read(self, process: _Process) -> None:
        """A process has said something, or has ended."""
        for message in process.messages():
            self._take(process, message)

    def _take(self, process: _Process, message: Tuple[Any, ...]) -> None:
        kind, *parts = message
        process.progress_at = time.monotonic()
        if kind == "ready":
            process.is_ready = True
            self._failed_starts = 0
        elif kind == "failed":
            self.error = PipelineError("INIT_FAILED", f"init_worker() raised: {_line_of(parts[0])}\n{parts[0]['stack']}")
        elif kind == "close failed":
            process.close_error = parts[0]
        elif kind == "outcomes" and not self._is_closing:
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
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        for process in list(self.processes):
            if process.has_ended(now):
                self._lost(process)
                continue
            if not process.jobs or not process.is_ready:
                continue
            age_ms = (now - process.progress_at) * 1000
            if self.timeout_ms and age_ms >= self.timeout_ms:
                text = f"The handler ran longer than {self.timeout_ms} ms and was killed"
                self._replace(process, _failure("EXECUTION_TIMEOUT", text))
            elif age_ms >= STUCK_MS and len(process.jobs) > 1 and len(self.processes) > 1:
                self.back.extendleft(reversed(process.take_back()))

    def _lost(self, process: _Process) -> None:
        for message in process.messages(sys.maxsize):  # what it said before
            self._take(process, message)
        how = process.how_it_ended
        if not process.is_ready:
            self._failed_starts += 1
            if process.process.exitcode == NESTED_RUN:
                when = "runs when the file is imported, which the worker's processes do"
                text = f"{type(self._worker).__name__}().run() {when}: put it under if __name__ == \"__main__\":"
                self.error = PipelineError("NESTED_RUN", text)
            elif self._failed_starts >= MAX_FAILED_STARTS:
                text = f"A process of the worker ended before it was ready, {how}: its own output has the reason"
                self.error = PipelineError("INIT_FAILED", text)
            if self.error is not None:
                return
        log.warning("a process of the worker ended %s and is replaced", how)
        self._replace(process, _failure("PROCESS_LOST", f"The handler's process ended {how}"))

    def _replace(self, process: _Process, error: Dict[str, Any]) -> None:
        """Kills a process and starts another. The job that ran has failed; the others come back."""
        process.kill()
        begun = process.state[0]
        jobs = list(process.jobs)
        process.jobs.clear()
        # Outcomes that were not sent yet are lost with the process: those jobs are executed again.
        self.back.extendleft(reversed([job for job in jobs if job.index != begun - 1]))
        for job in jobs:
            if job.index == begun - 1 and not job.is_dropped:
                self._ended(job, _Outcome(None, error, True, 0.0, is_given_up=True))
        fresh = self._start()
        self.processes[self.processes.index(process)] = fresh
        if self._metadata is not None:
            fresh.stream.send(("begin", self._metadata))

    def _start(self) -> _Process:
        try:
            return _Process(self._worker, self._method, self._guard)
        except OSError as error:
            raise PipelineError("WORKER_FAILED", f"No process can be started: {error}") from error
        except (pickle.PicklingError, TypeError, AttributeError, RuntimeError) as error:
            raise TypeError(self._worker._what_cannot_be_copied(error)) from error

    def close(self, grace_seconds: float) -> List[PipelineError]:
        """Ends the processes. Returns what went wrong in ``close_worker``."""
        self._is_closing = True
        for process in self.processes:
            process.stream.send(("close",))
        until = time.monotonic() + grace_seconds
        running = list(self.processes)
        while running and time.monotonic() < until:
            for process in running:
                process.stream.flush()
                self.read(process)
            running = [process for process in running if process.process.exitcode is None]
            if running:
                time.sleep(0.002)
        errors = [self._close_error(process) for process in self.processes if process.close_error is not None]
        for process in self.processes:
            process.kill()
        for process in running:
            process.process.join(1)
        self._guard.close()
        return errors

    @staticmethod
    def _close_error(process: _Process) -> PipelineError:
        error = process.close_error or {}
        log.error("close_worker() raised: %s\n%s", _line_of(error), error["stack"])
        return PipelineError("CLOSE_FAILED", f"close_worker() raised: {_line_of(error)}")


def _line_of(error: Dict[str, Any]) -> str:
    return f"{error['name']}: {error['message']}"


# --- connections --------------------------------------------------------------------------------------------------------

HELLO_SECONDS = 1.0
MAX_KEY_FILE_CHARACTERS = 4 * 1024 * 1024
#: A connected peer that reads nothing for this long gets no more; what it misses is repeated later.
SEND_MS = 1000
#: Messages that a turn of the loop takes from a peer.
MAX_MESSAGES = 256
#: How long a peer is connected, or awaited, and does not answer, until that is logged.
SILENCE_SECONDS = 5.0


#: 40 characters of Z85.
_CURVE_KEY = re.compile(rb"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


class _Keys:
    """A worker's key file, as ``zmqpipeline keys`` makes it."""

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = os.fspath(path)
        try:
            with open(path, encoding="utf-8") as file:
                status = os.fstat(file.fileno())
                if status.st_uid not in (os.getuid(), 0):
                    raise self._unusable("belongs to another user")
                if status.st_mode & 0o077:
                    raise self._unusable(f"is open to others (mode {status.st_mode & 0o777:o}): chmod 600")
                content = json.loads(file.read(MAX_KEY_FILE_CHARACTERS))
        except OSError as error:
            raise self._unusable(f"cannot be opened ({errno.errorcode.get(error.errno or 0, error)})") from None
        except ValueError:  # JSON's error would quote the file
            raise self._unusable("is damaged: it is not JSON") from None
        self._read(content if isinstance(content, dict) else {})

    def _read(self, content: Mapping[str, Any]) -> None:
        if content.get("version") != 1:
            raise self._unusable("is not a key file of version 1")
        if content.get("role") != "worker":
            raise self._unusable(f"has the keys of a {content.get('role')}; a worker needs worker.json, or what keys add worker makes")
        servers = content.get("servers")
        try:
            self.public, self.secret = content["publicKey"].encode("ascii"), content["secretKey"].encode("ascii")
            self.servers = {str(role): key.encode("ascii") for role, key in (servers if isinstance(servers, dict) else {}).items()}
            are_keys = all(_CURVE_KEY.fullmatch(key) for key in [self.public, self.secret, *self.servers.values()])
            is_pair = are_keys and bool(zmq.curve_public(self.secret) == self.public)
        except (KeyError, AttributeError, ValueError, TypeError, zmq.ZMQError):
            is_pair = False
        if not is_pair:
            raise self._unusable("is damaged: one of its keys is missing, or its two keys do not belong together")

    def _unusable(self, problem: str) -> PipelineError:
        return PipelineError("KEYS_UNUSABLE", f'Keys "{self.path}": it {problem}')


#: What a listening role answers to a key that is not on its list, which is final.
REFUSED_STATUS = 400


class _Link:
    """A connection to one listening role, which libzmq renews for ever."""

    def __init__(self, endpoint: str, server: str, keys: Optional[_Keys], session: "_Session") -> None:
        self.endpoint = endpoint
        self._session = session
        self.is_connected = False
        #: Whether a handshake has failed: that is logged once.
        self.has_failed = False
        self.has_misspoken = False
        self.silent_since = time.monotonic()
        self.has_been_missed = False
        self.socket = session.context.socket(zmq.DEALER)
        options = {
            zmq.HEARTBEAT_IVL: 400,
            zmq.HEARTBEAT_TIMEOUT: 4000,
            zmq.HANDSHAKE_IVL: 5000,
            zmq.RECONNECT_IVL: 50,
            zmq.RECONNECT_IVL_MAX: 250,
            zmq.IMMEDIATE: 1,
            zmq.MAXMSGSIZE: MAX_FRAME_BYTES,
            zmq.SNDHWM: 2000,
            zmq.RCVHWM: 0,  # with a bound, libzmq may abort the process
            zmq.LINGER: 200,
            zmq.SNDTIMEO: SEND_MS,
        }
        for option, value in options.items():
            self.socket.setsockopt(option, value)
        if keys is not None and endpoint.startswith("tcp:"):
            if server not in keys.servers:
                raise PipelineError("KEYS_UNUSABLE", f'Keys "{keys.path}": it does not have the key of the {server}')
            self.socket.curve_publickey, self.socket.curve_secretkey = keys.public, keys.secret
            self.socket.curve_serverkey = keys.servers[server]
        failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        events = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | failed
        self.monitor = self.socket.get_monitor_socket(events)
        try:
            self.socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"{endpoint} cannot be connected to: {error}") from None

    def look(self, connected: Callable[[], None], disconnected: Callable[[], None]) -> None:
        """Reads what has happened to the connection."""
        while self.monitor.poll(0):
            message = recv_monitor_message(self.monitor)
            event = message["event"]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.is_connected = True
                connected()
            elif event == zmq.EVENT_DISCONNECTED:
                was_connected, self.is_connected = self.is_connected, False
                if was_connected:
                    disconnected()
            elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH and message["value"] == REFUSED_STATUS:
                text = f"The peer at {self.endpoint} does not let in this worker's key: it is not on its list, or was revoked"
                return self._session.over(PipelineError("KEY_REFUSED", text))
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
        """What the peer has sent. A turn of the worker's loop takes a bounded part of it."""
        for _ in range(MAX_MESSAGES):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                message = decode_message(frames)
                if message["type"] != "sync":
                    yield message
                    continue
                number = message["number"]
                self.send(encode_message("synced", "", lambda writer: writer.integer(number)))
            except ProtocolError as error:  # rule: drop it
                if not self.has_misspoken:
                    self.has_misspoken = True
                    log.warning("%s sent what is no message (%s); this and what follows of that kind is dropped", self.endpoint, error)

    def close(self) -> None:
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close()


class _Session:
    """One run of a worker: its connections, its processes, and what a batch's and a service's worker have in common."""

    method = ""
    pool: _Pool
    #: The link to the role that gives out work.
    giver = ""

    def __init__(self, worker: "_Role") -> None:
        self.worker = worker
        self.keys = None if worker.security is None else _Keys(worker.security)
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
        self.close_errors: List[PipelineError] = []
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

    def loop(self) -> Dict[str, Any]:
        try:
            self.connect(self.giver, self.worker.endpoint)  # before processes begin: what cannot be used is found at once
            self.pool = _Pool(self.worker, self.method, self._ended)
            try:
                while self.phase != "over":
                    self._turn()
            finally:
                self.close_errors = self.pool.close(self.worker.close_timeout)
        finally:
            for link in self.links.values():
                link.close()
            self.context.term()
        if self.error is not None:
            raise self.error
        summary: Dict[str, Any] = {"status": self.status, "executed": self.executed, "failed": self.failed}
        return {**summary, "close_errors": self.close_errors} if self.close_errors else summary

    def connect(self, role: str, endpoint: str) -> None:
        self.links[role] = _Link(endpoint, role, self.keys, self)

    def _turn(self) -> None:
        poller = zmq.Poller()
        for link in self.links.values():
            poller.register(link.socket, zmq.POLLIN)
            poller.register(link.monitor, zmq.POLLIN)
        processes = {process.stream.socket.fileno(): process for process in self.pool.processes if process.cut_at is None}
        for descriptor, process in processes.items():
            poller.register(descriptor, zmq.POLLIN | zmq.POLLOUT if process.stream.has_unsent else zmq.POLLIN)
        ready = dict(poller.poll(20))
        for name, link in list(self.links.items()):
            if link.monitor in ready:
                link.look(functools.partial(self._connected, name), functools.partial(self._disconnected, name))
        for name, link in list(self.links.items()):
            if link.socket in ready:
                for message in link.receive():
                    if self.phase != "over":
                        self._message(name, message)
        for descriptor, process in processes.items():
            if ready.get(descriptor, 0) & zmq.POLLOUT:
                process.stream.flush()
            if ready.get(descriptor, 0) & ~zmq.POLLOUT:
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
            self._look_for_silence(now)
        if self.phase != "over":
            self._tick(now)

    def _look_for_silence(self, now: float) -> None:
        """Logs once that a peer does not answer: most often, its endpoint is another role's, or nobody's."""
        for role, link in self.links.items():
            if self._is_answered(role):
                link.silent_since, link.has_been_missed = now, False
            elif now - link.silent_since >= SILENCE_SECONDS and not link.has_been_missed:
                link.has_been_missed = True
                what = "what listens there does not answer" if link.is_connected else "nobody can be connected to"
                log.warning("no %s answers at %s: %s; the worker goes on waiting. Is the endpoint right?", role, link.endpoint, what)

    def _is_answered(self, role: str) -> bool:
        raise NotImplementedError

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
            text = f"No {who} answered at {self.worker.endpoint} within {self.worker.peer_timeout} s"
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
        self.collector_endpoint = worker.collector_endpoint
        self._outbox: Dict[int, _Kept] = {}
        self._batch: List[Tuple[int, int, bytes]] = []
        self._batch_bytes = 0
        self._batch_busy = 0.0
        self._batch_since = 0.0
        self._is_welcome = False
        self._is_known_to_collector = False
        #: Shown to the distributor on a new connection, and to the collector with results: proves that this is this worker.
        self._ticket = ""
        self._next_check = 0.0

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
            self._hello("distributor", self._ticket, held[:MAX_REFS])
        if "collector" in self.links and not self._is_known_to_collector:
            self._hello("collector", "", [])

    def _is_answered(self, role: str) -> bool:
        return self._is_welcome if role == "distributor" else self._is_known_to_collector

    def _hello(self, link: str, ticket: str, held: List[Ref]) -> None:
        def write(writer: Writer) -> None:
            writer.byte(ROLES.index("worker"))
            writer.text(self.worker.worker_id)
            writer.text(self.worker.task_type)
            writer.text(ticket)
            writer.refs(held)

        self.links[link].send(encode_message("hello", self.run, write))

    # -- messages --

    def _message(self, link: str, message: Message) -> None:
        kind = message["type"]
        if kind == "refuse":
            if link == "collector":
                return log.warning("the collector refused this worker: %s", visible(message["reason"]))
            return self.over(PipelineError("PEER_REFUSED", f"The distributor refused this worker: {visible(message['reason'])}"))
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
        self._ticket = message["ticket"]
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
            self.connect("collector", self.collector_endpoint)
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
        now = time.monotonic()
        if outcome.payload is None:
            self.failed += 1
            self._fail(job, outcome, now)
            return
        self.executed += 1
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
            writer.text(self._ticket)
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

    def _is_answered(self, role: str) -> bool:
        return self._is_welcome

    def greet(self) -> None:
        if self._is_welcome:
            return

        def write(writer: Writer) -> None:
            writer.byte(ROLES.index("serviceworker"))
            writer.text(self.worker.worker_id)
            writer.text(self.worker.task_type)
            writer.text("")
            writer.refs([])

        self.links["service"].send(encode_message("hello", "", write))

    def _message(self, link: str, message: Message) -> None:
        kind = message["type"]
        if kind == "refuse":
            return self.over(PipelineError("PEER_REFUSED", f"The service refused this worker: {visible(message['reason'])}"))
        if kind == "welcome":
            self._is_welcome = True
            self.run = message["run"]
            if self.phase == "working":
                self._ready()
            elif self.phase == "waiting":
                self.phase = "initialising"
                self.pool.timeout_ms = int(self.worker.timeout * 1000)
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
        if outcome.payload is None:
            self.failed += 1

            def write(writer: Writer) -> None:
                writer.byte(1 if outcome.is_given_up else 0)
                writer.error(outcome.error or _failure("", ""))
                writer.refs([(job.seq, job.attempt)])

            return self._say("failure", write)
        self.executed += 1
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
    security: Union[str, "os.PathLike[str]", None] = None
    #: The beginning of the worker's id, in logs and ``zmqpipeline top``.
    id_prefix: str = ""

    _session_class: Type[_Session] = _Session
    _endpoints: Tuple[str, ...] = ("endpoint",)
    _base: Type["_Role"]
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

    def run(self, *, signals: bool = True) -> Dict[str, Any]:
        """Works until the run ends.

        :param signals: SIGINT and SIGTERM end the worker in order: what has begun is finished and confirmed. A second one ends it at once.
            Without effect outside the main thread.
        :returns: ``status`` (``complete``, ``stopped``, ``aborted``), ``executed`` and ``failed``: executions that gave a result, and those that
            failed. ``close_errors`` has what ``close_worker`` raised, where it did.
        :raises PipelineError: ``PEER_TIMEOUT``, ``PEER_REFUSED``, ``INIT_FAILED``, ``KEYS_UNUSABLE``, ``WORKER_FAILED``.
        :raises ValueError: when an attribute cannot be used.
        :raises TypeError: when the worker's processes cannot import its class, or cannot have its attributes.
        """
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            os._exit(NESTED_RUN)  # this process imports the user's file; the worker that has started it says so
        self._check()
        if self._session is not None:
            raise RuntimeError(f"{type(self).__name__} runs already")
        _ = self.worker_id
        session = self._session_class(self)
        self._session = session
        before = {}
        if signals and threading.current_thread() is threading.main_thread():
            for number in _ENDING:
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

    def _what_cannot_be_copied(self, error: BaseException) -> str:
        for name, value in self._fields().items():
            try:
                pickle.dumps(value)
            except Exception:
                what = f"{type(self).__name__}.{name} is a {type(value).__name__}, which cannot be copied to the worker's processes"
                return f"{what}: make it in init_worker()"
        return f"The worker's processes cannot be started: {error}"

    def _check(self) -> None:
        self._check_names()
        for name in self._endpoints:
            _check_endpoint(f"{type(self).__name__}.{name}", getattr(self, name))
        self._check_text("task_type", MAX_NAME_BYTES)
        if not self.task_type and self._base is Worker:
            raise ValueError(f"{type(self).__name__}.task_type is missing")
        self._check_text("id_prefix", MAX_PREFIX_BYTES)
        concurrency = self.concurrency
        if type(concurrency) is not int or not 1 <= concurrency <= MAX_CONCURRENCY:
            self._refuse("concurrency", f"an int from 1 to {MAX_CONCURRENCY}")
        self._check_seconds("timeout", can_be_infinite=False)
        self._check_seconds("peer_timeout", can_be_infinite=True)
        self._check_seconds("close_timeout", can_be_infinite=False)
        if self.security is not None and not isinstance(self.security, (str, os.PathLike)):
            self._refuse("security", "the path of a key file, or None")
        self._check_class()

    def _refuse(self, name: str, wanted: str) -> None:
        raise ValueError(f"{type(self).__name__}.{name} is {_short(_safely(repr, getattr(self, name)))}: it must be {wanted}")

    def _check_text(self, name: str, most_bytes: int) -> None:
        value = getattr(self, name)
        if not isinstance(value, str) or value != _well_formed(value) or len(value.encode()) > most_bytes or _has_hidden(value):
            self._refuse(name, f"a text of up to {most_bytes} bytes, without control characters")

    def _check_seconds(self, name: str, can_be_infinite: bool) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not (0 <= value <= MAX_SECONDS or (can_be_infinite and value == float("inf"))):
            self._refuse(name, "a number of seconds of at least 0" + (", or float('inf')" if can_be_infinite else ""))

    def _check_names(self) -> None:
        """Refuses names in another spelling: a worker without its handler would take items and give nothing."""
        known = {name for name in dir(self._base) if not name.startswith("_")}
        names = {name for kind in type(self).__mro__ if kind not in (_Role, Worker, ServiceWorker, object) for name in vars(kind)}
        for name in sorted(names | set(self.__dict__)):
            if name in known or name.startswith("_"):
                continue
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
            near = [snake] if snake in known else difflib.get_close_matches(snake, known, 1, 0.9)
            if near and (snake == near[0] or not (snake.startswith(near[0]) or near[0].startswith(snake))):  # a plural is another word
                raise ValueError(f"{type(self).__name__} has {name}: it is called {near[0]}")
        method = self._session_class.method
        handler = getattr(self, method)
        if not callable(handler) or getattr(type(self), method) is getattr(self._base, method):
            raise ValueError(f"{type(self).__name__} must have a method {method}(self, data, info)")
        for hook in (method, "init_worker", "close_worker"):
            if inspect.iscoroutinefunction(getattr(self, hook)):
                text = f"{type(self).__name__}.{hook}() is async: make it a plain method, in which asyncio.run() may wait for others"
                raise ValueError(text)
        try:
            inspect.signature(handler).bind(None, None)
        except (TypeError, ValueError):
            raise ValueError(f"{type(self).__name__}.{method}() must take (self, data, info)") from None

    def _check_class(self) -> None:
        """The worker's processes import the class by its name."""
        kind = type(self)
        module = sys.modules.get(kind.__module__)
        found: Any = module
        for part in kind.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is not kind:
            raise TypeError(f"{kind.__qualname__} must stand at the top of a file: the worker's processes import it from there")
        if kind.__module__ != "__main__":
            return
        file = getattr(module, "__file__", None)
        if getattr(module, "__spec__", None) is None and (file is None or not os.path.exists(file)):
            text = f"{kind.__qualname__} must be in a file, which the worker's processes import: not in a notebook, on standard input or in python -c"
            raise TypeError(text)


#: Processes for one worker. More workers may run beside it.
MAX_CONCURRENCY = 1024
MAX_PREFIX_BYTES = 64
#: 68 years: beyond, clocks of some systems end.
MAX_SECONDS = 2**31


def _check_endpoint(name: str, value: Any) -> None:
    shown = _short(_safely(repr, value))
    if not isinstance(value, str) or not value.startswith(("tcp://", "ipc://")):
        raise ValueError(f"{name} is {shown}: it must be tcp://host:port or ipc://path")
    rest = value[6:]
    if value.startswith("ipc://"):
        if not rest or len(os.fsencode(rest)) > MAX_IPC_BYTES or "\0" in rest:
            raise ValueError(f"{name} is {shown}: it must be ipc:// and a path of up to {MAX_IPC_BYTES} bytes")
        return
    host, _, port = rest.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 1 <= int(port) <= 65535
    if not is_port or not host or host == "*" or any(character in " ;/\0*" for character in host):
        raise ValueError(f"{name} is {shown}: it must be tcp://host:port, with the name or address of a host and a port from 1 to 65535")


#: Linux has 107 bytes for a path, macOS and the BSDs 103.
MAX_IPC_BYTES = 103


class Worker(_Role):
    """Executes the items of one task of a batch.

    The class must be importable by the worker's processes: define it at the top of a file, and call ``run()`` under
    ``if __name__ == "__main__":``.
    """

    #: Where the run's collector listens.
    collector_endpoint: str = ""

    _session_class = _BatchSession
    _endpoints = ("endpoint", "collector_endpoint")

    def handle_execution(self, data: Any, info: Info) -> Any:
        """Executes one item.

        :param data: the item's data: dict, list, str, bytes, int, float, bool, None, datetime or array.
        :param info: the item's id and attempt.
        :returns: the result. Returning nothing means ``{}``.
        :raises Exception: anything; the item is retried as its task says. An exception with ``retryable = False`` is not.
        """
        raise NotImplementedError


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


Worker._base = Worker
ServiceWorker._base = ServiceWorker
