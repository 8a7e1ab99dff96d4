package org.triplel.ui.fleet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.jface.resource.LocalResourceManager;
import org.eclipse.jface.viewers.IPostSelectionProvider;
import org.eclipse.jface.viewers.ISelection;
import org.eclipse.jface.viewers.ISelectionChangedListener;
import org.eclipse.jface.viewers.IStructuredSelection;
import org.eclipse.jface.viewers.SelectionChangedEvent;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.swt.SWT;
import org.eclipse.swt.dnd.Clipboard;
import org.eclipse.swt.dnd.TextTransfer;
import org.eclipse.swt.dnd.Transfer;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Point;
import org.eclipse.swt.graphics.Rectangle;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Menu;
import org.eclipse.swt.widgets.MenuItem;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableColumn;
import org.eclipse.swt.widgets.TableItem;
import org.eclipse.ui.IMemento;
import org.triplel.ui.Icon;
import org.triplel.ui.charts.Palette;

/**
 * A virtual table of rows that change all the time: only visible rows are made, nothing jumps, and the selection stays with
 * its elements when rows move. Columns can be sorted, moved, hidden, and are remembered; rows can be filtered and copied.
 *
 * @param <R> a row; a new object each time its values change
 */
final class ColumnTable<R> implements IPostSelectionProvider {

    /** Paints a cell's picture into an area. */
    interface Picture<R> {
        void paint(GC gc, Rectangle area, R row, Palette palette);
    }

    /**
     * A column.
     *
     * @param id under which it is remembered
     * @param title what people read
     * @param width in pixels, at first
     * @param right whether values stand to the right, as numbers do
     * @param text a row's value in words
     * @param order how rows are sorted by it
     * @param icon a row's icon
     * @param picture drawn left of the text
     * @param tip what the values mean, said under the pointer; empty where the title says it
     */
    record Column<R>(
            String id,
            String title,
            int width,
            boolean right,
            Function<R, String> text,
            Comparator<R> order,
            Function<R, Optional<Icon>> icon,
            Optional<Picture<R>> picture,
            String tip) {

        static <R> Column<R> text(String id, String title, int width, Function<R, String> text) {
            return new Column<>(
                    id,
                    title,
                    width,
                    false,
                    text,
                    Comparator.comparing(text, String.CASE_INSENSITIVE_ORDER),
                    row -> Optional.empty(),
                    Optional.empty(),
                    "");
        }

        static <R> Column<R> number(String id, String title, int width, Function<R, String> text, Comparator<R> order) {
            return new Column<>(id, title, width, true, text, order, row -> Optional.empty(), Optional.empty(), "");
        }

        Column<R> with(Function<R, Icon> pictures) {
            return new Column<>(
                    id, title, width, right, text, order, row -> Optional.of(pictures.apply(row)), picture, tip);
        }

        Column<R> with(Picture<R> painter) {
            return new Column<>(id, title, width, right, text, order, icon, Optional.of(painter), tip);
        }

        Column<R> explained(String meaning) {
            return new Column<>(id, title, width, right, text, order, icon, picture, meaning);
        }
    }

    private static final int CELL_MARGIN = 10;
    private static final String ORDER = "order";
    private static final String WIDTH = "width";
    private static final String HIDDEN = "hidden";
    private static final String SORT = "sort";
    private static final String DESCENDING = "descending";

    private final Table table;
    private final List<Column<R>> columns;
    private final Function<R, Object> identity;
    private final LocalResourceManager resources;
    private final List<ISelectionChangedListener> listeners = new ArrayList<>();
    private final Set<Object> selected = new LinkedHashSet<>();
    private final List<TableItem> forgotten = new ArrayList<>();
    private List<R> all = List.of();
    private List<R> rows = List.of();
    private String filter = "";
    private int sort;
    private boolean descending;

    /**
     * @param identity what stays the same when a row changes, and is what can be selected
     */
    ColumnTable(Composite parent, List<Column<R>> columns, Function<R, Object> identity) {
        this.columns = columns;
        this.identity = identity;
        table = new Table(parent, SWT.VIRTUAL | SWT.MULTI | SWT.FULL_SELECTION | SWT.V_SCROLL | SWT.H_SCROLL);
        resources = new LocalResourceManager(JFaceResources.getResources(), table);
        table.setHeaderVisible(true);
        for (var i = 0; i < columns.size(); i++) {
            create(i);
        }
        table.setSortColumn(table.getColumn(0));
        table.setSortDirection(SWT.UP);
        table.addListener(SWT.SetData, event -> fill((TableItem) event.item, event.index));
        table.addListener(SWT.PaintItem, this::paint);
        table.addListener(SWT.MouseMove, this::explain);
        table.addListener(SWT.Selection, event -> userSelected());
    }

    private void create(int index) {
        var column = columns.get(index);
        var widget = new TableColumn(table, column.right ? SWT.RIGHT : SWT.LEFT);
        widget.setText(column.title);
        widget.setWidth(column.width);
        widget.setMoveable(true);
        widget.setToolTipText(column.tip.isEmpty() ? null : column.tip);
        widget.addListener(SWT.Selection, event -> sortBy(index, sort == index && !descending));
    }

    Table control() {
        return table;
    }

    void setRows(List<R> newest) {
        all = newest;
        refresh();
    }

    void setFilter(String text) {
        filter = text.strip().toLowerCase(Locale.ROOT);
        refresh();
    }

    int rowCount() {
        return rows.size();
    }

    private void sortBy(int index, boolean down) {
        sort = index;
        descending = down;
        table.setSortColumn(table.getColumn(index));
        table.setSortDirection(down ? SWT.DOWN : SWT.UP);
        refresh();
    }

    private void refresh() {
        var order = columns.get(sort).order;
        // a stable order among equals: the first column decides
        var sorted = (descending ? order.reversed() : order).thenComparing(columns.getFirst().order);
        rows = all.stream().filter(this::passes).sorted(sorted).toList();
        setRowCount(rows.size());
        var rowHeight = Math.max(1, table.getItemHeight());
        var first = table.getTopIndex();
        // not the client area: that asks the display's server, and waits for it
        var last = Math.min(rows.size() - 1, first + table.getSize().y / rowHeight + 1);
        if (first > 0) {
            table.clear(0, Math.min(first, rows.size()) - 1);
        }
        if (last < rows.size() - 1) {
            table.clear(last + 1, rows.size() - 1);
        }
        for (var i = first; i <= last; i++) {
            fill(table.getItem(i), i);
        }
        restoreSelection();
    }

    /**
     * While SWT removes rows, GTK moves its cursor and asks for the next row; SWT makes an item for a row that is about to go, and
     * forgets it. It must not stay: the next change of the theme would have GTK read the freed memory of its row.
     */
    private void setRowCount(int count) {
        if (table.getItemCount() != count) {
            table.setItemCount(count);
        }
        forgotten.forEach(TableItem::dispose);
        forgotten.clear();
    }

    private boolean passes(R row) {
        return filter.isEmpty()
                || columns.stream()
                        .anyMatch(column ->
                                column.text.apply(row).toLowerCase(Locale.ROOT).contains(filter));
    }

    private void fill(TableItem item, int index) {
        if (index < 0 || index >= rows.size()) { // SWT is removing rows
            forgotten.add(item);
            return;
        }
        var row = rows.get(index);
        var repaint = !row.equals(item.getData());
        item.setData(row);
        for (var i = 0; i < columns.size(); i++) {
            var column = columns.get(i);
            var text = column.text.apply(row);
            if (!text.equals(item.getText(i))) {
                item.setText(i, text);
            }
            var image = column.icon
                    .apply(row)
                    .map(icon -> resources.create(icon.descriptor()))
                    .orElse(null);
            if (image != item.getImage(i)) {
                item.setImage(i, image);
            }
            if (repaint && column.picture.isPresent()) {
                var area = item.getBounds(i);
                table.redraw(area.x, area.y, area.width, area.height, false);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private void paint(Event event) {
        var column = columns.get(event.index);
        if (column.picture.isPresent() && event.item.getData() != null) {
            var bounds = ((TableItem) event.item).getBounds(event.index);
            var area = new Rectangle(bounds.x + 5, bounds.y + 5, bounds.width - 10, bounds.height - 9);
            column.picture.get().paint(event.gc, area, (R) event.item.getData(), Palette.of(table));
        }
    }

    /** What the values mean is said under the pointer, and a text that does not fit into its cell is shown in full. */
    private void explain(Event event) {
        var tip = cellAt(event.x, event.y).map(this::tip).orElse("");
        if (!tip.equals(Objects.requireNonNullElse(table.getToolTipText(), ""))) {
            table.setToolTipText(tip.isEmpty() ? null : tip);
        }
    }

    private String tip(Cell<R> cell) {
        var index = IntStream.range(0, columns.size())
                .filter(i -> columns.get(i).id.equals(cell.column))
                .findFirst()
                .orElseThrow();
        return Stream.of(cutOff(cell, index), columns.get(index).tip)
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("\n"));
    }

    private String cutOff(Cell<R> cell, int index) {
        var text = columns.get(index).text.apply(cell.row);
        var gc = new GC(table);
        var width = gc.textExtent(text).x;
        gc.dispose();
        var left = IntStream.of(table.getColumnOrder())
                .takeWhile(i -> i != index)
                .map(i -> table.getColumn(i).getWidth())
                .sum();
        var visible = Math.min(table.getColumn(index).getWidth(), table.getClientArea().width - left);
        return width > visible - CELL_MARGIN ? text : "";
    }

    void sortBy(String id) {
        sortBy(columns.stream().map(Column::id).toList().indexOf(id), false);
    }

    private void userSelected() {
        selected.clear();
        for (var index : table.getSelectionIndices()) {
            if (index < rows.size()) {
                selected.add(identity.apply(rows.get(index)));
            }
        }
        fireSelection();
    }

    private void restoreSelection() {
        var indices = new ArrayList<Integer>();
        for (var i = 0; i < rows.size() && !selected.isEmpty(); i++) {
            if (selected.contains(identity.apply(rows.get(i)))) {
                indices.add(i);
            }
        }
        var wanted = indices.stream().mapToInt(Integer::intValue).toArray();
        var now = table.getSelectionIndices();
        Arrays.sort(now);
        if (!Arrays.equals(wanted, now)) {
            table.deselectAll();
            table.select(wanted);
        }
    }

    void fireSelection() {
        var event = new SelectionChangedEvent(this, getSelection());
        List.copyOf(listeners).forEach(listener -> listener.selectionChanged(event));
    }

    void selectAll() {
        selected.clear();
        rows.forEach(row -> selected.add(identity.apply(row)));
        restoreSelection();
        fireSelection();
    }

    /** Puts the selected rows, or all if none is, on the clipboard: tab-separated, with the columns as they stand. */
    void copy() {
        var shown = Arrays.stream(table.getColumnOrder())
                .filter(index -> table.getColumn(index).getWidth() > 0)
                .mapToObj(columns::get)
                .toList();
        var chosen = rows.stream()
                .filter(row -> selected.isEmpty() || selected.contains(identity.apply(row)))
                .toList();
        var text = new StringBuilder(line(shown, Column::title));
        chosen.forEach(row -> text.append(line(shown, column -> column.text.apply(row))));
        var clipboard = new Clipboard(table.getDisplay());
        clipboard.setContents(new Object[] {text.toString()}, new Transfer[] {TextTransfer.getInstance()});
        clipboard.dispose();
    }

    private String line(List<Column<R>> shown, Function<Column<R>, String> cell) {
        return shown.stream().map(cell).collect(Collectors.joining("\t", "", System.lineSeparator()));
    }

    /** Adds an item for each column that shows or hides it. */
    void fillColumnMenu(Menu menu) {
        for (var i = 1; i < columns.size(); i++) {
            var index = i;
            var item = new MenuItem(menu, SWT.CHECK);
            item.setText(columns.get(i).title);
            item.setSelection(table.getColumn(i).getWidth() > 0);
            item.addListener(SWT.Selection, event -> show(index, item.getSelection()));
        }
    }

    private void show(int index, boolean visible) {
        var widget = table.getColumn(index);
        widget.setWidth(visible ? columns.get(index).width : 0);
        widget.setResizable(visible);
    }

    void save(IMemento memento) {
        memento.putString(
                ORDER,
                Arrays.stream(table.getColumnOrder())
                        .mapToObj(index -> columns.get(index).id)
                        .collect(Collectors.joining(" ")));
        memento.putString(SORT, columns.get(sort).id);
        memento.putBoolean(DESCENDING, descending);
        for (var i = 0; i < columns.size(); i++) {
            var child = memento.createChild(columns.get(i).id);
            child.putInteger(WIDTH, table.getColumn(i).getWidth());
            child.putBoolean(HIDDEN, table.getColumn(i).getWidth() == 0);
        }
    }

    void restore(IMemento memento) {
        for (var i = 0; i < columns.size(); i++) {
            var child = memento.getChild(columns.get(i).id);
            if (child != null && child.getInteger(WIDTH) != null) {
                if (Boolean.TRUE.equals(child.getBoolean(HIDDEN))) {
                    show(i, false);
                } else {
                    table.getColumn(i).setWidth(child.getInteger(WIDTH));
                }
            }
        }
        var ids = columns.stream().map(Column::id).toList();
        var order = Optional.ofNullable(memento.getString(ORDER)).stream()
                .flatMap(names -> Arrays.stream(names.split(" ")))
                .mapToInt(ids::indexOf)
                .toArray();
        if (Arrays.stream(order).filter(index -> index >= 0).distinct().count() == columns.size()) {
            table.setColumnOrder(order);
        }
        var by = ids.indexOf(memento.getString(SORT));
        if (by >= 0) {
            sortBy(by, Boolean.TRUE.equals(memento.getBoolean(DESCENDING)));
        }
    }

    /** Has {@code open} told the identity of a row that is double-clicked. */
    void onOpen(Consumer<Object> open) {
        table.addListener(SWT.DefaultSelection, event -> {
            var index = table.indexOf((TableItem) event.item);
            if (index >= 0 && index < rows.size()) {
                open.accept(identity.apply(rows.get(index)));
            }
        });
    }

    /** The row and column under a point of the table. */
    Optional<Cell<R>> cellAt(int x, int y) {
        var item = table.getItem(new Point(x, y));
        if (item == null || table.indexOf(item) >= rows.size()) {
            return Optional.empty();
        }
        for (var i = 0; i < columns.size(); i++) {
            if (item.getBounds(i).contains(x, y)) {
                return Optional.of(new Cell<>(rows.get(table.indexOf(item)), columns.get(i).id));
            }
        }
        return Optional.empty();
    }

    /**
     * @param column its id
     */
    record Cell<R>(R row, String column) {}

    @Override
    public IStructuredSelection getSelection() {
        var visible = rows.stream().map(identity).filter(selected::contains).toList();
        return new StructuredSelection(visible);
    }

    @Override
    public void setSelection(ISelection selection) {
        selected.clear();
        if (selection instanceof IStructuredSelection structured) {
            for (var element : structured) {
                selected.add(element);
            }
        }
        restoreSelection();
        fireSelection();
    }

    @Override
    public void addSelectionChangedListener(ISelectionChangedListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeSelectionChangedListener(ISelectionChangedListener listener) {
        listeners.remove(listener);
    }

    @Override
    public void addPostSelectionChangedListener(ISelectionChangedListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removePostSelectionChangedListener(ISelectionChangedListener listener) {
        listeners.remove(listener);
    }
}
