"""Messages between processes: any chunks, and nothing that is executed."""

from __future__ import annotations

import io
import pickle

import pytest

from protvox.processes.messages import MAX_BYTES, MessageBuffer, pack, read_message, write_message

MESSAGES = [{"ready": True}, {"structure": b"\x00" * 3000, "number": 7}, {"words": ["é", ""]}]


@pytest.mark.parametrize("size", [1, 3, 1000, 10_000])
def test_messages_are_assembled_from_chunks_of_any_size(size):
    data = b"".join(part for message in MESSAGES for part in pack(message))
    buffer, found = MessageBuffer(), []
    for start in range(0, len(data), size):
        buffer.feed(data[start : start + size])
        while (message := buffer.next_message()) is not None:
            found.append(message)
    assert found == MESSAGES


def test_messages_pass_through_a_stream():
    stream = io.BytesIO()
    for message in MESSAGES:
        write_message(stream, message)
    stream.seek(0)
    assert [read_message(stream) for _ in MESSAGES] == MESSAGES
    assert read_message(stream) is None


@pytest.mark.parametrize("body", [b"\x01", b"\x93\x01\x02\x03", b"\xc1", b"\x81", b"\x80\x80", b""])
def test_anything_but_one_mapping_is_refused(body):
    buffer = MessageBuffer()
    buffer.feed(len(body).to_bytes(4, "big") + body)
    with pytest.raises(ValueError):
        buffer.next_message()


def test_a_message_that_is_too_long_is_refused_before_it_arrives():
    buffer = MessageBuffer()
    buffer.feed((MAX_BYTES + 1).to_bytes(4, "big"))
    with pytest.raises(ConnectionError, match="too long"):
        buffer.next_message()


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


def test_a_pickle_is_not_executed():
    body = pickle.dumps(Bomb())
    buffer = MessageBuffer()
    buffer.feed(len(body).to_bytes(4, "big") + body)
    with pytest.raises(ValueError):
        buffer.next_message()


def test_characters_that_are_not_unicode_are_replaced():
    assert read_message(io.BytesIO(b"".join(pack({"name": "a\udcff"})))) == {"name": "a?"}
