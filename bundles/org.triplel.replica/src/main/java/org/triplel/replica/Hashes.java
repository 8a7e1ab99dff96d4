package org.triplel.replica;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The digests of FIPS 180-4 that a manifest uses. */
final class Hashes {

    static final int SHA1_BYTES = 20;
    static final int SHA256_BYTES = 32;

    private Hashes() {}

    static MessageDigest sha1() {
        return digest("SHA-1");
    }

    static MessageDigest sha256() {
        return digest("SHA-256");
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has " + algorithm, missing);
        }
    }
}
