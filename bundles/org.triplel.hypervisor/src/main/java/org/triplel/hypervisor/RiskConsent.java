package org.triplel.hypervisor;

import java.time.Instant;

/**
 * Who has accepted that the loss of the host may destroy recent data of a domain.
 *
 * @param user as he was known to the desktop
 * @param at to the second
 */
public record RiskConsent(String user, Instant at) {}
