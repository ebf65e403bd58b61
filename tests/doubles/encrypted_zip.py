"""Archives of one file: in the old cipher of ZIP, which zipfile reads and does not write, or as it is."""

import io
import struct
import zipfile
import zlib


def encrypted(name: str, content: bytes, password: bytes) -> bytes:
    """Opens with the password alone."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc_step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc_step(keys[2], keys[1] >> 24)

    def cipher(byte: int) -> int:
        mixed = keys[2] | 2
        key = ((mixed * (mixed ^ 1)) >> 8) & 0xFF
        update(byte)
        return byte ^ key

    for byte in password:
        update(byte)
    check = zlib.crc32(content)
    packed = bytes(cipher(byte) for byte in b"0123456789A" + bytes([check >> 24]) + content)
    raw = bytearray(stored(name, content))
    at = raw.index(content)
    raw[at : at + len(content)] = packed
    for mark, flags, size in ((b"PK\x03\x04", 6, 18), (b"PK\x01\x02", 8, 20)):
        header = raw.index(mark)
        raw[header + flags] |= 1
        raw[header + size : header + size + 4] = struct.pack("<I", len(packed))
    end = raw.index(b"PK\x05\x06")
    raw[end + 16 : end + 20] = struct.pack("<I", raw.index(b"PK\x01\x02"))
    return bytes(raw)


def _crc_step(value: int, byte: int) -> int:
    value ^= byte
    for _ in range(8):
        value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
    return value


def stored(name: str, content: bytes) -> bytes:
    """Neither compressed nor encrypted."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(name, content)
    return target.getvalue()
