package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** The NAS process: {@code triplel nas CONFIG}. Runs until it is asked to end (SIGTERM). */
public final class NasMain {

    private NasMain() {}

    /** @param args the configuration file, a properties file with folder, socket, control, bandwidth, latency.micros */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 1) {
            System.err.println("usage: triplel nas CONFIG");
            System.exit(2);
        }
        var server = new NasServer(NasConfig.read(Path.of(args[0])));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server), "shutdown"));
        new CountDownLatch(1).await();
    }

    private static void close(NasServer server) {
        try {
            server.close();
        } catch (IOException e) {
            System.err.println("closing the NAS: " + e);
        }
    }
}
