/** What a terminal showed from a moment on. */
export interface Frame {
  readonly atMs: number;
  readonly lines: readonly string[];
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const FONT_SIZE = 14;
const CHARACTER_WIDTH = 8.43;
const LINE_HEIGHT = 20;
const PADDING = 16;

/** How long the last frame stays before the animation begins again, in ms. */
const HOLD_MS = 8000;

/**
 * An SVG that shows the frames one after another, without a script: every frame stands to the right of the one before, and a stylesheet moves them
 * through the picture. Where motion is not wanted, the last frame stands still.
 */
export function animation(frames: readonly Frame[], { columns, rows }: TerminalSize): string {
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * PADDING);
  const height = rows * LINE_HEIGHT + 2 * PADDING;
  const stride = 2 * width; // twice the width, so that a reader's wider font does not reach into the next frame
  const startMs = frames[0]?.atMs ?? 0;
  const totalMs = (frames.at(-1)?.atMs ?? 0) - startMs + HOLD_MS;
  const steps = frames.map(({ atMs }, index) => {
    const percent = (((atMs - startMs) / totalMs) * 100).toFixed(2);
    return `${percent}%{transform:translateX(${-index * stride}px)}`;
  });
  const still = `translateX(${-(frames.length - 1) * stride}px)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xml:space="preserve">
<style>
text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dae0;white-space:pre}
.c{fill:#7ee0a3}
.w{fill:#f0c674}
#f{transform:${still};animation:f ${(totalMs / 1000).toFixed(1)}s step-end infinite}
@media (prefers-reduced-motion:reduce){#f{animation:none}}
@keyframes f{${steps.join("")}100%{transform:${still}}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#1d2127"/>
<g id="f">
${frames.map(({ lines }, index) => drawn(lines, index * stride)).join("\n")}
</g>
</svg>
`;
}

function drawn(lines: readonly string[], left: number): string {
  const texts = lines.map((line, row) => {
    const kind = line.startsWith("$ ") ? ` class="c"` : line.startsWith("warning:") ? ` class="w"` : "";
    const y = PADDING + row * LINE_HEIGHT + FONT_SIZE;
    return line === "" ? "" : `<text x="${left + PADDING}" y="${y}"${kind}>${escaped(line)}</text>`;
  });
  return texts.join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
