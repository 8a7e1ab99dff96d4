package org.triplel.ui.fleet;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.jface.resource.LocalResourceManager;
import org.eclipse.jface.viewers.ColumnViewerToolTipSupport;
import org.eclipse.jface.viewers.DelegatingStyledCellLabelProvider;
import org.eclipse.jface.viewers.DelegatingStyledCellLabelProvider.IStyledLabelProvider;
import org.eclipse.jface.viewers.IStructuredSelection;
import org.eclipse.jface.viewers.ITreeContentProvider;
import org.eclipse.jface.viewers.LabelProvider;
import org.eclipse.jface.viewers.StyledString;
import org.eclipse.jface.viewers.TreeViewer;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.triplel.ui.AccessibleName;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.FleetViewPart;
import org.triplel.ui.vm.VmView;

/** The NAS and its clients as a tree. */
public final class FleetView extends FleetViewPart {

    /** The view's id. */
    public static final String ID = "org.triplel.ui.view.fleet";

    private final Tree content = new Tree();
    private final Set<FleetElement> seen = new HashSet<>();
    private TreeViewer viewer;

    @Override
    protected Control createContent(Composite parent) {
        viewer = new TreeViewer(parent, SWT.MULTI | SWT.V_SCROLL | SWT.H_SCROLL);
        viewer.setUseHashlookup(true);
        viewer.setContentProvider(content);
        ColumnViewerToolTipSupport.enableFor(viewer);
        viewer.setLabelProvider(new DelegatingStyledCellLabelProvider(new Labels(viewer.getControl(), content)) {
            @Override
            public String getToolTipText(Object element) {
                var details = content.node(element).details();
                return details.isEmpty() ? null : details;
            }
        });
        viewer.setInput(this);
        viewer.addDoubleClickListener(event -> open(((IStructuredSelection) event.getSelection()).getFirstElement()));
        AccessibleName.set(viewer.getControl(), Messages.Fleet_Title);
        contextMenu(viewer.getControl(), viewer);
        getSite().setSelectionProvider(viewer);
        return viewer.getControl();
    }

    private void open(Object element) {
        if (element instanceof FleetElement.Machine(var name)) {
            VmView.open(getSite().getPage(), name);
        } else {
            viewer.setExpandedState(element, !viewer.getExpandedState(element));
        }
    }

    @Override
    protected String show(FleetSnapshot snapshot) {
        if (snapshot.inventory().hosts().isEmpty()) {
            return Messages.Fleet_Empty;
        }
        var roots = Node.tree(snapshot);
        var before = content.roots;
        if (roots.equals(before)) {
            return "";
        }
        content.take(roots);
        if (sameBelow(before, roots)) { // what would be lost with a host changes all the time
            viewer.update(roots.stream().map(Node::element).toArray(), null);
            return "";
        }
        viewer.refresh();
        for (var root : roots) {
            // what is new is shown open, once
            if (!root.children().isEmpty() && seen.add(root.element())) {
                viewer.setExpandedState(root.element(), true);
            }
        }
        return "";
    }

    private static boolean sameBelow(List<Node> one, List<Node> other) {
        return one.stream()
                        .map(Node::element)
                        .toList()
                        .equals(other.stream().map(Node::element).toList())
                && one.stream()
                        .map(Node::children)
                        .toList()
                        .equals(other.stream().map(Node::children).toList());
    }

    /** The newest nodes, found by what they stand for, so that the tree keeps its state when they change. */
    private static final class Tree implements ITreeContentProvider {
        private final Map<FleetElement, Node> nodes = new HashMap<>();
        private final Map<FleetElement, FleetElement> parents = new HashMap<>();
        private List<Node> roots = List.of();

        void take(List<Node> newest) {
            roots = newest;
            nodes.clear();
            parents.clear();
            newest.forEach(this::index);
        }

        private void index(Node node) {
            nodes.put(node.element(), node);
            for (var child : node.children()) {
                parents.put(child.element(), node.element());
                index(child);
            }
        }

        Node node(Object element) {
            return nodes.get(element);
        }

        private static Object[] elements(List<Node> nodes) {
            return nodes.stream().map(Node::element).toArray();
        }

        @Override
        public Object[] getElements(Object input) {
            return elements(roots);
        }

        @Override
        public Object[] getChildren(Object parent) {
            return nodes.containsKey(parent) ? elements(nodes.get(parent).children()) : new Object[0];
        }

        @Override
        public Object getParent(Object element) {
            return parents.get(element);
        }

        @Override
        public boolean hasChildren(Object element) {
            return getChildren(element).length > 0;
        }
    }

    private static final class Labels extends LabelProvider implements IStyledLabelProvider {
        private final LocalResourceManager resources;
        private final Tree tree;

        Labels(Control owner, Tree tree) {
            this.resources = new LocalResourceManager(JFaceResources.getResources(), owner);
            this.tree = tree;
        }

        @Override
        public StyledString getStyledText(Object element) {
            var node = tree.node(element);
            var text = new StyledString(node.label(), node.grey() ? StyledString.QUALIFIER_STYLER : null);
            return node.remark().isEmpty() ? text : text.append("  " + node.remark(), StyledString.QUALIFIER_STYLER);
        }

        @Override
        public Image getImage(Object element) {
            return resources.create(tree.node(element).icon().descriptor());
        }
    }
}
