/** Makes a sound copy of a disk that a lost host has left on the NAS without its journal, or without what was written last. */
package org.triplel.recovery;
