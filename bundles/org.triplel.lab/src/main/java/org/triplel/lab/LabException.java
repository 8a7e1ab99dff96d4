package org.triplel.lab;

/** The lab cannot do what it was asked for. */
public final class LabException extends Exception {

    private static final long serialVersionUID = 1L;

    private final String what;
    private final String remedy;

    /**
     * @param what what failed, naming the file or program
     * @param remedy what to do about it
     */
    public LabException(String what, String remedy) {
        super(what + " " + remedy);
        this.what = what;
        this.remedy = remedy;
    }

    public LabException(String what, String remedy, Throwable cause) {
        super(what + " " + remedy, cause);
        this.what = what;
        this.remedy = remedy;
    }

    public String what() {
        return what;
    }

    public String remedy() {
        return remedy;
    }
}
