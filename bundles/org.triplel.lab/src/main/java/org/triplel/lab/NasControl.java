package org.triplel.lab;

import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.jsonrpc.services.JsonRequest;
import org.eclipse.lsp4j.jsonrpc.services.JsonSegment;

/** What the NAS process can be asked, as JSON-RPC on its control socket. */
@JsonSegment("nas")
interface NasControl {

    @JsonRequest
    CompletableFuture<NasLink> link();

    /** Changes the link; takes effect at once, also on requests under way. */
    @JsonRequest
    CompletableFuture<NasLink> setLink(NasLink link);

    @JsonRequest
    CompletableFuture<NasCounters> counters();
}
