#!/usr/bin/perl
# Does again, in the guest, what a trace says (its form: from-strace.py): each operation begins as long after the one before
# has ended as it did when it was recorded, so what takes longer is not made up for.
# usage: replay.pl make TRACE FOLDER | replay.pl run TRACE FOLDER
#   make  makes what was there before
#   run   does the rest, and says how many seconds it took, for how many of them it waited in operations, how many commits
#         there were, and the milliseconds of a commit, median and 95th percentile. A commit is an fsync or fdatasync with
#         the operations since the one before.
use strict;
use warnings;
use Fcntl;
use IO::Handle;

# Numbers of x86-64, for what perl has no function for
my ($FDATASYNC, $CLOCK_GETTIME, $SYNC_FILE_RANGE) = (75, 228, 277);
my $MONOTONIC = 1;
my $SHORTEST_SLEEP = 0.001;    # a shorter one would take longer than said; it is added to the next

my %mode = (r => O_RDONLY, w => O_WRONLY, rw => O_RDWR);
my %flag = (c => O_CREAT, x => O_EXCL, t => O_TRUNC, a => O_APPEND);
my @file;
my $content = join '', map { chr(1 + int rand 255) } 1 .. 1 << 16;

sub now {
    my $time = pack 'q2', 0, 0;
    syscall($CLOCK_GETTIME, $MONOTONIC, $time) == 0 or die "clock: $!";
    my ($seconds, $nanos) = unpack 'q2', $time;
    return $seconds + $nanos / 1e9;
}

sub write_content {
    my ($file, $offset, $length) = @_;
    sysseek($file, $offset, 0) or return 0;
    while ($length > 0) {
        my $written = syswrite($file, $content, $length < length $content ? $length : length $content) or return 0;
        $length -= $written;
    }
    return 1;
}

my %operation = (
    mkdir => sub { mkdir $_[0] },
    rmdir => sub { rmdir $_[0] },
    unlink => sub { unlink $_[0] },
    rename => sub { rename $_[0], $_[1] },
    link => sub { link $_[0], $_[1] },
    symlink => sub { symlink $_[0], $_[1] },
    open => sub {
        my ($mode, $flags) = $_[2] =~ /^(rw|r|w)(.*)/;
        my $bits = $mode{$mode};
        $bits |= $flag{$_} for split //, $flags;
        sysopen $file[$_[0]], $_[1], $bits;
    },
    close => sub { close $file[$_[0]] },
    write => sub { write_content($file[$_[0]], $_[1], $_[2]) },
    ftruncate => sub { truncate $file[$_[0]], $_[1] },
    fsync => sub { $file[$_[0]]->sync },
    fdatasync => sub { syscall($FDATASYNC, fileno $file[$_[0]]) == 0 },
    range => sub { syscall($SYNC_FILE_RANGE, fileno $file[$_[0]], $_[1] + 0, $_[2] + 0, $_[3] + 0) == 0 },
);

@ARGV == 3 && $ARGV[0] =~ /^(make|run)$/ or die "usage: replay.pl make|run TRACE FOLDER\n";
my ($part, $trace, $folder) = @ARGV;
my (@before, @after);
my $list = \@before;
open my $lines, '<', $trace or die "$trace: $!\n";
while (<$lines>) {
    next if /^#/;
    my ($think, $name, @arguments) = split;
    if ($name eq 'start') { $list = \@after; next }
    push @$list, [$think / 1e6, $operation{$name} || die("$trace:$.: no operation $name\n"), \@arguments, $.];
}
close $lines;
chdir $folder or die "$folder: $!\n";

my ($waited, $commit, @commits) = (0, 0);
my $began = my $ended = now();
my $late = 0;
for ($part eq 'make' ? @before : @after) {
    my ($think, $operation, $arguments, $line) = @$_;
    my $due = $ended + $think - $late;
    my $start = now();
    if ($due - $start >= $SHORTEST_SLEEP) {
        select undef, undef, undef, $due - $start;
        $start = now();
    }
    $late = $start - $due;
    $operation->(@$arguments) or die "$trace:$line: $!\n";
    $ended = now();
    $waited += $ended - $start;
    $commit += $ended - $start;
    if ($operation == $operation{fsync} || $operation == $operation{fdatasync}) {
        push @commits, $commit * 1e3;
        $commit = 0;
    }
}
exit if $part eq 'make';
@commits = sort { $a <=> $b } @commits;
printf "%.3f %.3f %d %.2f %.2f\n", $ended - $began, $waited, scalar @commits, $commits[@commits * 0.5], $commits[@commits * 0.95];
