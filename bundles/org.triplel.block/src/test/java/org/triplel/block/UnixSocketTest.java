package org.triplel.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {

    @TempDir
    Path folder;

    @Test
    void isPrivateAndGoesAway() throws IOException {
        var path = folder.resolve("s");
        try (var _ = new UnixSocket(path)) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            assertEquals(Files.getOwner(folder), Files.getOwner(path));
            UnixSocket.connect(path).close();
        }
        assertFalse(Files.exists(path));
    }

    @Test
    void replacesWhatADeadServerLeft() throws IOException {
        var path = folder.resolve("s");
        var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
        dead.close();
        assertTrue(Files.exists(path));
        try (var _ = new UnixSocket(path)) {
            UnixSocket.connect(path).close();
        }
    }

    @Test
    void leavesALivingServerAlone() throws IOException {
        var path = folder.resolve("s");
        try (var _ = new UnixSocket(path)) {
            var failure = assertThrows(BindException.class, () -> new UnixSocket(path));
            assertTrue(failure.getMessage().contains("Another server listens on " + path), failure.getMessage());
            UnixSocket.connect(path).close();
        }
    }

    @Test
    void leavesFilesAlone() throws IOException {
        var path = Files.writeString(folder.resolve("s"), "precious");
        assertThrows(FileAlreadyExistsException.class, () -> new UnixSocket(path));
        assertEquals("precious", Files.readString(path));
    }

    @Test
    void doesNotRemoveItsSuccessor() throws IOException {
        var path = folder.resolve("s");
        var first = new UnixSocket(path);
        Files.delete(path);
        try (var _ = new UnixSocket(path)) {
            first.close();
            UnixSocket.connect(path).close();
        }
    }

    @Test
    void saysThatAPathIsTooLong() {
        var path = folder.resolve("x".repeat(100));
        for (var attempt : new Executable[] {() -> new UnixSocket(path), () -> UnixSocket.connect(path)}) {
            var failure = assertThrows(FileSystemException.class, attempt);
            assertTrue(failure.getMessage().contains("shorter than 100 bytes"), failure.getMessage());
        }
    }

    @Test
    void saysWhereNobodyListens() {
        var path = folder.resolve("s");
        var failure = assertThrows(ConnectException.class, () -> UnixSocket.connect(path));
        assertTrue(failure.getMessage().contains(path.toString()), failure.getMessage());
    }
}
