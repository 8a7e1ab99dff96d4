package org.triplel.hypervisor;

import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.libvirt.LibvirtException;

/** A connection that is not closed while calls are under way: closing frees what libvirt uses until they return. */
final class SharedConnection implements AutoCloseable {

    /** What is asked of libvirt. */
    interface Call<T> {
        T run(Connection connect) throws LibvirtException, HypervisorException;
    }

    private final Connection connection;

    /** Held for reading by calls. */
    private final ReadWriteLock uses = new ReentrantReadWriteLock();

    private boolean closed;

    SharedConnection(Connection connection) {
        this.connection = connection;
    }

    /** For calls of the thread that will close it. */
    Connection connection() {
        return connection;
    }

    /** @throws HypervisorException the connection has ended */
    <T> T use(Call<T> call) throws LibvirtException, HypervisorException {
        uses.readLock().lock();
        try {
            if (closed) {
                throw new HypervisorException("the connection to libvirt has ended");
            }
            return call.run(connection);
        } finally {
            uses.readLock().unlock();
        }
    }

    /** Waits for the calls that are under way. */
    @Override
    public void close() throws LibvirtException {
        uses.writeLock().lock();
        try {
            closed = true;
            connection.close();
        } finally {
            uses.writeLock().unlock();
        }
    }
}
