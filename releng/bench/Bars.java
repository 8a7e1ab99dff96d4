import java.awt.Color;
import java.awt.Font;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** A picture of the results: for each workload a bar per server, the best peer's being 1. */
final class Bars {

    private static final int WIDTH = 900;
    private static final int ROW = 15;
    private static final int LABEL = 230;
    private static final Color[] COLORS = {
        new Color(0x0072B2), new Color(0xE69F00), new Color(0x009E73), new Color(0xCC79A7)
    };

    /** @param rows workload to server to rate, relative to the best peer */
    static void draw(String title, Map<String, Map<String, Double>> rows, List<String> servers, Path file)
            throws IOException {
        int group = servers.size() * ROW + 14;
        var image = new BufferedImage(WIDTH, 60 + rows.size() * group, BufferedImage.TYPE_INT_RGB);
        var g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, WIDTH, image.getHeight());
        g.setColor(Color.BLACK);
        g.setFont(new Font("DejaVu Sans", Font.BOLD, 14));
        g.drawString(title, 12, 24);
        g.setFont(new Font("DejaVu Sans", Font.PLAIN, 11));
        double longest = rows.values().stream().flatMap(row -> row.values().stream()).mapToDouble(Double::doubleValue).max().orElse(1);
        double scale = (WIDTH - LABEL - 190) / longest;
        int y = 46;
        for (var row : rows.entrySet()) {
            g.setColor(Color.BLACK);
            g.drawString(row.getKey(), 12, y + 12);
            for (int i = 0; i < servers.size(); i++) {
                var value = row.getValue().get(servers.get(i));
                if (value == null) {
                    continue;
                }
                g.setColor(COLORS[i % COLORS.length]);
                g.fillRect(LABEL, y, Math.max(1, (int) (value * scale)), ROW - 3);
                g.setColor(Color.BLACK);
                g.drawString("%.2f  %s".formatted(value, servers.get(i)), LABEL + (int) (value * scale) + 6, y + 10);
                y += ROW;
            }
            y += 14;
        }
        g.dispose();
        ImageIO.write(image, "png", file.toFile());
    }
}
