package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What someone else has put where a lab belongs. */
class LabFoldersTest {

    @TempDir
    private Path temp;

    @Test
    void noOperationFollowsALinkInPlaceOfAllLabs() throws Exception {
        var elsewhere = Files.createDirectories(temp.resolve("elsewhere/t")).getParent();
        Files.createSymbolicLink(temp.resolve("labs"), elsewhere);
        refusesEveryOperation();
        assertTrue(Files.exists(elsewhere.resolve("t")));
    }

    @Test
    void noOperationFollowsALinkInPlaceOfTheLab() throws Exception {
        var elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
        Files.createDirectory(temp.resolve("labs"));
        Files.createSymbolicLink(temp.resolve("labs/t"), elsewhere);
        refusesEveryOperation();
        assertTrue(Files.exists(elsewhere));
    }

    @Test
    void aLinkInTheFolderOfAClientIsNotFollowed() throws Exception {
        var folders = new LabFolders(temp.resolve("labs"), "t", temp.resolve("cache"));
        folders.createAll();
        folders.create(HypervisorUser.current());
        var config = folders.client("client-1").folder().resolve("c/libvirt");
        Folders.delete(config);
        var elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
        Files.createSymbolicLink(config, elsewhere);
        var owner = Files.getOwner(elsewhere);
        var permissions = Files.getPosixFilePermissions(elsewhere);
        var failure = assertThrows(LabException.class, () -> folders.create(HypervisorUser.current()));
        assertTrue(failure.what().contains(config.toString()), failure.what());
        assertEquals(owner, Files.getOwner(elsewhere));
        assertEquals(permissions, Files.getPosixFilePermissions(elsewhere));
        assertFalse(Files.exists(elsewhere.resolve("qemu.conf")));
    }

    /** The number of a process in a file there is obeyed, with root's power if root runs the lab. */
    @Test
    void whatTheAgentKeepsBelongsToTheLabsUserAlone() throws Exception {
        var folders = new LabFolders(temp.resolve("labs"), "t", temp.resolve("cache"));
        folders.createAll();
        folders.create(HypervisorUser.current());
        var client = folders.client("client-1");
        var me = HypervisorUser.currentUid();
        for (var folder : List.of(client.state(), client.router())) {
            assertEquals(me, Files.getAttribute(folder, "unix:uid"));
        }
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(client.state())));
        assertEquals("rwx--x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(client.router())));
        assertEquals(HypervisorUser.current().uid(), Files.getAttribute(client.run(), "unix:uid"));
    }

    private void refusesEveryOperation() throws LabException, IOException {
        var folders = new LabFolders(temp.resolve("labs"), "t", temp.resolve("cache"));
        var lab = new Lab(folders, temp);
        var progress = new Progress() {
            @Override
            public void step(String text) {}

            @Override
            public boolean cancelled() {
                return false;
            }
        };
        for (var operation : List.<Executable>of(
                folders::createAll,
                () -> lab.stop(progress),
                () -> lab.clean(progress),
                lab::status,
                lab::link,
                () -> lab.setLink(NasLink.DEFAULT),
                lab::nasCounters,
                () -> lab.process("nas"))) {
            var failure = assertThrows(LabException.class, operation);
            assertTrue(failure.what().contains("is no folder that belongs to you"), failure.what());
        }
    }
}
