package org.triplel.hypervisor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * The smallest guest that QEMU starts as a Linux kernel: it prints "up" on the first serial port, and then echoes what
 * it is sent. For a 'w' it also writes the first sector of its disk, and answers '+' or '-'. The format is that of
 * Linux's Documentation/arch/x86/boot.rst.
 */
final class TinyKernel {

    /** 16-bit code; it is entered at 0x200, where the header leaves room for one jump. */
    private static final String MAIN = "0e1f" // push cs; pop ds
            + "bebc00" // mov si, message
            + "ac84c07405" // next: lodsb; test al, al; jz wait
            + "e82a00ebf6" // call put; jmp next
            + "bafd03ec" // wait: mov dx, 0x3fd; in al, dx: status of the serial port
            + "a80174f8" // test al, 1; jz wait: nothing received
            + "baf803ec" // mov dx, 0x3f8; in al, dx
            + "e81900" // call put
            + "3c7775ed" // cmp al, 'w'; jne wait
            + "bec100b80043b280cd13" // mov si, request; mov ax, 0x4300; mov dl, 0x80; int 0x13: write to the disk
            + "b02b7302b02d" // mov al, '+'; jnc answer; mov al, '-'
            + "e80200ebd8" // answer: call put; jmp wait
            + "baf803eec3" // put: mov dx, 0x3f8; out dx, al; ret
            + "75700d0a00" // message: "up\r\n"
            + "1000010000002010"; // request: one sector from 0x1020:0 to sector 0

    private static final int SECTOR = 512;

    private TinyKernel() {}

    /** The same guest as the first sector of a disk that boots by itself. */
    static byte[] bootSector() {
        var sector = ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        sector.put(0, HexFormat.of().parseHex("ea8000b907")); // jmp 0x7b9:0x80, which is the 16th byte at 0x7c00
        sector.put(16, HexFormat.of().parseHex(MAIN));
        sector.putShort(SECTOR - 2, (short) 0xaa55);
        return sector.array();
    }

    static Path write(Path file) throws IOException {
        var image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) 1); // sectors of 16-bit code after the first
        image.putShort(0x1fe, (short) 0xaa55);
        image.put(0x200, new byte[] {(byte) 0xeb, 0x7e}); // jmp 0x280
        image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
        image.putShort(0x206, (short) 0x0202); // version of the format
        image.put(0x211, (byte) 1); // the 32-bit part, which is empty, is loaded high
        image.put(0x280, HexFormat.of().parseHex(MAIN));
        return Files.write(file, image.array());
    }
}
