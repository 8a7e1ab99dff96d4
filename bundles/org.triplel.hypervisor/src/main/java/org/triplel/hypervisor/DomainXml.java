package org.triplel.hypervisor;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.triplel.hypervisor.DomainPlacement.Writes;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * How a Triple-L domain is defined: one processor, one disk from the router, to which others may be given later, a serial console, a channel for the guest
 * agent, and a memory balloon. The format is <a href="https://libvirt.org/formatdomain.html">libvirt's domain XML</a>.
 *
 * <p>A failed disk request pauses the guest instead of reaching it, so that nothing is lost while the router is away:
 * libvirt before 9.1 knows no reconnect delay and drops the element, and any delay can be too short.
 *
 * @param name the domain's name
 * @param memoryMiB memory in MiB
 * @param accelerator how the processor is run
 * @param boot the kernel to start; without one the disk boots by itself
 * @param disk the disk, {@code /dev/vda} in the guest
 * @param console the serial console, {@code /dev/ttyS0} in the guest
 * @param guestAgent the socket on which QEMU connects libvirt to the guest's agent
 * @param image which images the disk consists of
 */
public record DomainXml(
        String name,
        int memoryMiB,
        Accelerator accelerator,
        Optional<DirectBoot> boot,
        NbdDisk disk,
        SerialConsole console,
        Path guestAgent,
        DiskImage image) {

    /** The XML namespace of Triple-L's facts in a domain's metadata. */
    public static final String NAMESPACE = "https://triplel.org/domain/1";

    /** The XML namespace of what Triple-L notes of a domain's latest start. */
    static final String RUN_NAMESPACE = "https://triplel.org/run/1";

    /** The XML namespace of where parts of a domain's disk are kept. */
    static final String PLACEMENT_NAMESPACE = "https://triplel.org/placement/1";

    /** The prefix that libvirt gives that namespace. */
    static final String PLACEMENT_KEY = "triplel-placement";

    private static final String PLACEMENT = "placement";

    private static final String DISK = "disk";

    /** How the disk is called in the guest that every domain has. */
    private static final String FIRST_DISK = "vda";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");
    private static final Pattern ROOT_FLAGS = Pattern.compile("(?:^|\\s)rootflags=(\\S+)");
    private static final String HOST = "host";
    private static final String NAS = "nas";
    private static final String OVERLAYS = "vms/";
    private static final String QCOW2 = ".qcow2";

    /** How long QEMU holds requests back while the router is away, before they fail. */
    private static final int RECONNECT_SECONDS = 60;

    /** How often the guest is asked for figures of its memory. */
    private static final int GUEST_MEMORY_SECONDS = 5;

    /** A Linux kernel that QEMU starts without a boot loader. */
    public record DirectBoot(Path kernel, Path initrd, String commandLine) {
        public DirectBoot {
            requireText("kernel command line", commandLine);
        }
    }

    /** A disk that an NBD server exports. */
    public record NbdDisk(Path socket, String export) {}

    /**
     * A serial port. QEMU serves it on {@code socket} to one client at a time, and writes all its output to {@code log},
     * which it empties when the domain starts.
     */
    public record SerialConsole(Path socket, Path log) {}

    /**
     * Which images a disk consists of.
     *
     * @param base the base image's name
     * @param version its version, from 1
     * @param overlay the private image, relative to the NAS folder
     * @param bytes the disk's size, so that it is known while the NAS is away
     */
    public record DiskImage(String base, int version, String overlay, long bytes) {
        public DiskImage {
            requireName("base image", base);
            if (!overlay.startsWith(OVERLAYS) || !overlay.endsWith(QCOW2)) {
                throw new IllegalArgumentException(
                        "private image '" + overlay + "', which is no " + OVERLAYS + "NAME" + QCOW2);
            }
            requireName("private image", overlay.substring(OVERLAYS.length(), overlay.length() - QCOW2.length()));
            if (version < 1 || bytes < 1) {
                throw new IllegalArgumentException("base image " + base + " v" + version + " with " + bytes + " bytes");
            }
        }
    }

    /** All of them become file names on the NAS and on the host, and others can write libvirt's descriptions. */
    private static void requireName(String what, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    what + " '" + name + "': names are 1 to 63 letters, digits, '-' and '_'");
        }
    }

    public DomainXml {
        requireName("domain", name);
        if (memoryMiB < 1) {
            throw new IllegalArgumentException("domain " + name + " with " + memoryMiB + " MiB of memory");
        }
    }

    private static void requireText(String what, String text) {
        if (text.codePoints().anyMatch(c -> Character.isISOControl(c) || c >= 0xD800 && c <= 0xDFFF || c > 0xFFFD)) {
            throw new IllegalArgumentException(what + " with a control or special character");
        }
    }

    /** This definition in libvirt's form, of a domain that is placed so from the start. */
    public String toXml(DomainPlacement placement) {
        var text = new StringWriter();
        try {
            var xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
            write(xml, placement);
            xml.flush();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("domain XML of " + name, e);
        }
        return text.toString();
    }

    private void write(XMLStreamWriter xml, DomainPlacement placement) throws XMLStreamException {
        start(xml, "domain", "type", accelerator.domainType());
        text(xml, "name", name);
        start(xml, "metadata");
        xml.writeStartElement("triplel", "vm", NAMESPACE);
        xml.writeNamespace("triplel", NAMESPACE);
        attributes(xml, "base", image.base, "version", Integer.toString(image.version));
        attributes(xml, "overlay", image.overlay, "bytes", Long.toString(image.bytes));
        xml.writeEndElement();
        xml.writeEmptyElement(PLACEMENT_KEY, PLACEMENT, PLACEMENT_NAMESPACE);
        xml.writeNamespace(PLACEMENT_KEY, PLACEMENT_NAMESPACE);
        write(placement, xml);
        xml.writeEndElement();
        text(xml, "memory", Integer.toString(memoryMiB), "unit", "MiB");
        text(xml, "vcpu", "1");

        start(xml, "os");
        text(xml, "type", "hvm", "arch", "x86_64", "machine", "q35");
        if (boot.isPresent()) {
            text(xml, "kernel", boot.get().kernel.toString());
            text(xml, "initrd", boot.get().initrd.toString());
            text(xml, "cmdline", boot.get().commandLine);
        } else {
            empty(xml, "boot", "dev", "hd");
        }
        xml.writeEndElement();

        start(xml, "features");
        empty(xml, "acpi");
        xml.writeEndElement();
        switch (accelerator) {
            case KVM -> empty(xml, "cpu", "mode", "host-passthrough");
            case TCG -> {
                start(xml, "cpu", "mode", "custom", "match", "exact");
                text(xml, "model", "qemu64");
                xml.writeEndElement();
            }
        }
        text(xml, "on_crash", "destroy");
        devices(xml);
        xml.writeEndElement();
    }

    private void devices(XMLStreamWriter xml) throws XMLStreamException {
        start(xml, "devices");
        disk(xml, disk, FIRST_DISK);

        empty(xml, "controller", "type", "usb", "model", "none");
        start(xml, "serial", "type", "unix");
        empty(xml, "source", "mode", "bind", "path", console.socket.toString());
        empty(xml, "log", "file", console.log.toString(), "append", "off");
        empty(xml, "target", "port", "0");
        xml.writeEndElement();
        start(xml, "channel", "type", "unix");
        // libvirt would make up a path, which is soon too long for a socket.
        empty(xml, "source", "mode", "bind", "path", guestAgent.toString());
        empty(xml, "target", "type", "virtio", "name", "org.qemu.guest_agent.0");
        xml.writeEndElement();
        start(xml, "memballoon", "model", "virtio");
        empty(xml, "stats", "period", Integer.toString(GUEST_MEMORY_SECONDS));
        xml.writeEndElement();
        // Without it a guest that panics would just stand still.
        empty(xml, "panic", "model", "isa");
        xml.writeEndElement();
    }

    private static void disk(XMLStreamWriter xml, NbdDisk disk, String target) throws XMLStreamException {
        start(xml, DISK, "type", "network", "device", "disk");
        empty(
                xml,
                "driver",
                "name",
                "qemu",
                "type",
                "raw",
                "cache",
                "none",
                "error_policy",
                "stop",
                "rerror_policy",
                "stop",
                "discard",
                "unmap");
        start(xml, "source", "protocol", "nbd", "name", disk.export);
        empty(xml, "host", "transport", "unix", "socket", disk.socket.toString());
        empty(xml, "reconnect", "delay", Integer.toString(RECONNECT_SECONDS));
        xml.writeEndElement();
        empty(xml, "target", "dev", target, "bus", "virtio");
        xml.writeEndElement();
    }

    /** A disk by itself, {@code /dev/TARGET} in the guest. */
    static String diskElement(NbdDisk disk, String target) {
        var element = new StringWriter();
        try {
            var xml = XMLOutputFactory.newFactory().createXMLStreamWriter(element);
            disk(xml, disk, target);
            xml.flush();
            return element.toString();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("disk " + disk, e);
        }
    }

    /** The disks of its own that libvirt describes a domain to have besides the first one, by their names in the guest. */
    static Map<String, NbdDisk> otherDisks(String xml) {
        var result = new TreeMap<String, NbdDisk>();
        var domain = document(xml).getDocumentElement();
        var devices = child(domain, "devices");
        var own = child(domain, "name").getTextContent() + "/";
        for (var node = devices.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(DISK)) {
                var target = attribute(child(element, "target"), "dev");
                if (!target.equals(FIRST_DISK) && isNbd(element, own)) {
                    result.put(target, nbdDisk(element));
                }
            }
        }
        return result;
    }

    /**
     * Libvirt's description of a domain whose kernel mounts its root file system with an option, or without it; empty if it is
     * so already, or no kernel is named.
     */
    static Optional<String> withRootOption(String xml, String option, boolean wanted) {
        var document = document(xml);
        var os = child(document.getDocumentElement(), "os");
        var line = optionalChild(os, "cmdline");
        var before = line.map(Element::getTextContent).orElse("");
        var after = rootOption(before, option, wanted);
        if (after.equals(before) || optionalChild(os, "kernel").isEmpty()) {
            return Optional.empty();
        }
        line.orElseGet(() -> (Element) os.appendChild(document.createElement("cmdline")))
                .setTextContent(after);
        var text = new StringWriter();
        try {
            TransformerFactory.newDefaultInstance()
                    .newTransformer()
                    .transform(new DOMSource(document), new StreamResult(text));
        } catch (TransformerException e) {
            throw new IllegalStateException("domain XML", e);
        }
        return Optional.of(text.toString());
    }

    /** Of several words the kernel takes the last. */
    static String rootOption(String commandLine, String option, boolean wanted) {
        var last = ROOT_FLAGS.matcher(commandLine).results().reduce((_, later) -> later);
        var options = new ArrayList<>(
                last.map(word -> List.of(word.group(1).split(","))).orElse(List.of()));
        if (wanted == options.contains(option)) {
            return commandLine;
        }
        if (wanted) {
            options.add(option);
        } else {
            options.remove(option);
        }
        var words = options.isEmpty() ? "" : " rootflags=" + String.join(",", options);
        return last.isEmpty()
                ? commandLine + words
                : commandLine.substring(0, last.get().start())
                        + words
                        + commandLine.substring(last.get().end());
    }

    /** Whether it is one of an agent; an administrator may have added others. */
    private static boolean isNbd(Element disk, String exports) {
        return optionalChild(disk, "source")
                .filter(source -> source.getAttribute("protocol").equals("nbd")
                        && source.getAttribute("name").startsWith(exports))
                .isPresent();
    }

    private static NbdDisk nbdDisk(Element disk) {
        var source = child(disk, "source");
        return new NbdDisk(Path.of(attribute(child(source, "host"), "socket")), attribute(source, "name"));
    }

    private static void start(XMLStreamWriter xml, String element, String... attributes) throws XMLStreamException {
        xml.writeStartElement(element);
        attributes(xml, attributes);
    }

    private static void empty(XMLStreamWriter xml, String element, String... attributes) throws XMLStreamException {
        xml.writeEmptyElement(element);
        attributes(xml, attributes);
    }

    private static void text(XMLStreamWriter xml, String element, String content, String... attributes)
            throws XMLStreamException {
        start(xml, element, attributes);
        xml.writeCharacters(content);
        xml.writeEndElement();
    }

    private static void attributes(XMLStreamWriter xml, String... namesAndValues) throws XMLStreamException {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            xml.writeAttribute(namesAndValues[i], namesAndValues[i + 1]);
        }
    }

    /** The metadata element that notes {@code run}. */
    static String runElement(DomainRun run) {
        return "<run started='%d' readyAfter='%d'/>".formatted(run.startedAtMillis(), run.readyAfterMillis());
    }

    /**
     * Reads libvirt's description of a domain.
     *
     * @return empty if it is not Triple-L's
     * @throws IllegalArgumentException if it is Triple-L's, but not of the form that Triple-L defines
     */
    static Optional<DomainStatus> parse(String xml, DomainState state) {
        var domain = document(xml).getDocumentElement();
        var vms = domain.getElementsByTagNameNS(NAMESPACE, "vm");
        if (vms.getLength() == 0) {
            return Optional.empty();
        }
        var vm = (Element) vms.item(0);
        var os = child(domain, "os");
        var devices = child(domain, "devices");
        var serial = child(devices, "serial");
        var channel = child(devices, "channel");
        var definition = new DomainXml(
                child(domain, "name").getTextContent(),
                mebibytes(child(domain, "memory")),
                Accelerator.ofDomainType(attribute(domain, "type")),
                optionalChild(os, "kernel")
                        .map(kernel -> new DirectBoot(
                                Path.of(kernel.getTextContent()),
                                Path.of(child(os, "initrd").getTextContent()),
                                optionalChild(os, "cmdline")
                                        .map(Element::getTextContent)
                                        .orElse(""))),
                nbdDisk(child(devices, DISK)),
                new SerialConsole(
                        Path.of(attribute(child(serial, "source"), "path")),
                        Path.of(attribute(child(serial, "log"), "file"))),
                Path.of(attribute(child(channel, "source"), "path")),
                new DiskImage(
                        attribute(vm, "base"),
                        Integer.parseInt(attribute(vm, "version")),
                        attribute(vm, "overlay"),
                        Long.parseLong(attribute(vm, "bytes"))));
        return Optional.of(
                new DomainStatus(definition, state, guestConnected(channel), run(domain), placement(domain)));
    }

    static Document document(String xml) {
        var factory = DocumentBuilderFactory.newDefaultNSInstance();
        try {
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(new InputSource(new StringReader(xml)));
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalArgumentException("domain XML: " + e.getMessage(), e);
        }
    }

    private static boolean guestConnected(Element channel) {
        return child(channel, "target").getAttribute("state").equals("connected");
    }

    private static DomainRun run(Element domain) {
        var runs = domain.getElementsByTagNameNS(RUN_NAMESPACE, "run");
        if (runs.getLength() == 0) {
            return DomainRun.NEVER;
        }
        var run = (Element) runs.item(0);
        return new DomainRun(Long.parseLong(attribute(run, "started")), Long.parseLong(attribute(run, "readyAfter")));
    }

    /** The metadata element that notes {@code placement}. */
    static String placementElement(DomainPlacement placement) {
        var element = new StringWriter();
        try {
            var xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(element);
            xml.writeEmptyElement(PLACEMENT);
            write(placement, xml);
            xml.writeEndDocument();
            return element.toString();
        } catch (XMLStreamException e) {
            throw new IllegalArgumentException("placement: " + e.getMessage(), e);
        }
    }

    private static void write(DomainPlacement placement, XMLStreamWriter xml) throws XMLStreamException {
        attributes(
                xml,
                "base",
                place(placement.baseOnHost()),
                "swap",
                place(placement.swapOnHost()),
                "journal",
                place(placement.writes() instanceof Writes.JournalOnHost));
        if (placement.writes() instanceof Writes.Behind behind) {
            attributes(xml, "behindSeconds", Integer.toString(behind.seconds()));
            attributes(xml, "behindMebibytes", Integer.toString(behind.mebibytes()));
        }
        if (placement.consent().isPresent()) {
            var consent = placement.consent().get();
            attributes(
                    xml,
                    "acceptedBy",
                    consent.user(),
                    "acceptedAt",
                    consent.at().toString());
        }
    }

    private static String place(boolean onHost) {
        return onHost ? HOST : NAS;
    }

    private static DomainPlacement placement(Element domain) {
        var placements = domain.getElementsByTagNameNS(PLACEMENT_NAMESPACE, PLACEMENT);
        if (placements.getLength() == 0) {
            return DomainPlacement.DEFAULT;
        }
        var placement = (Element) placements.item(0);
        var baseOnHost = !placement.hasAttribute("base") || onHost(placement, "base"); // the first ones do not say it
        return new DomainPlacement(baseOnHost, onHost(placement, "swap"), writes(placement));
    }

    private static Writes writes(Element placement) {
        if (placement.hasAttribute("journal") && onHost(placement, "journal")) {
            return new Writes.JournalOnHost(consent(placement));
        }
        return placement.hasAttribute("behindSeconds")
                ? new Writes.Behind(
                        Integer.parseInt(attribute(placement, "behindSeconds")),
                        Integer.parseInt(attribute(placement, "behindMebibytes")),
                        consent(placement))
                : Writes.THROUGH;
    }

    private static boolean onHost(Element placement, String what) {
        return switch (attribute(placement, what)) {
            case HOST -> true;
            case NAS -> false;
            default -> throw new IllegalArgumentException(what + " placed on '" + placement.getAttribute(what) + "'");
        };
    }

    private static RiskConsent consent(Element placement) {
        try {
            return new RiskConsent(
                    attribute(placement, "acceptedBy"), Instant.parse(attribute(placement, "acceptedAt")));
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("domain XML: " + e.getMessage(), e);
        }
    }

    static int mebibytes(Element memory) {
        var amount = Long.parseLong(memory.getTextContent());
        return Math.toIntExact(
                switch (memory.getAttribute("unit")) {
                    case "MiB" -> amount;
                    case "KiB", "" -> amount / 1024;
                    default ->
                        throw new IllegalArgumentException("memory in the unit '" + memory.getAttribute("unit") + "'");
                });
    }

    static Element child(Element parent, String name) {
        return optionalChild(parent, name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "domain XML has no <" + name + "> in <" + parent.getTagName() + ">"));
    }

    static Optional<Element> optionalChild(Element parent, String name) {
        for (var node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                return Optional.of(element);
            }
        }
        return Optional.empty();
    }

    static String attribute(Element element, String name) {
        if (!element.hasAttribute(name)) {
            throw new IllegalArgumentException("domain XML has no " + name + " in <" + element.getTagName() + ">");
        }
        return element.getAttribute(name);
    }
}
