package org.triplel.agent;

import org.triplel.agent.api.Names;

/** Which version of which base image. */
record BaseVersion(String base, int version) implements Comparable<BaseVersion> {

    static BaseVersion checked(String base, int version) throws AgentException {
        if (!Names.valid(base)) {
            throw AgentException.invalid(
                    "'" + base + "' is no name of a base image.", "1 to 63 letters, digits, '-' and '_' are allowed.");
        }
        if (version < 1) {
            throw AgentException.invalid(
                    "Base image " + base + " has no version " + version + ".", "Versions start at 1.");
        }
        return new BaseVersion(base, version);
    }

    /** Its raw image, relative to the NAS folder. */
    String image() {
        return "bases/" + base + "/v" + version + ".raw";
    }

    /** Its manifest, relative to the NAS folder. */
    String manifest() {
        return ".triplel/bases/" + base + "/v" + version + ".manifest";
    }

    /** How VMs of it are made, relative to the NAS folder. */
    String description() {
        return ".triplel/bases/" + base + "/v" + version + ".properties";
    }

    @Override
    public int compareTo(BaseVersion other) {
        int byName = base.compareTo(other.base);
        return byName != 0 ? byName : Integer.compare(version, other.version);
    }

    @Override
    public String toString() {
        return base + " v" + version;
    }
}
