/** The tools above the pictures: layout, what a drag does, grey window, zoom. */

import type { Series, Study } from "../api/types";
import { useLanguage, type Key } from "../language/language";
import { Choice } from "../parts/choice";
import { Icon, type IconName } from "../parts/icons";
import { Stepper } from "../parts/stepper";
import { FIT, zoomed, type GreyWindow } from "../viewer/drawing";
import type { Tool } from "../viewer/gestures";
import { OverlayTools } from "./overlay_tools";
import { hasFigures, type Layout, type Viewing } from "./viewing";

const LAYOUTS: readonly { value: Layout; key: Key; icon: IconName }[] = [
  { value: "single", key: "layout_single", icon: "single" },
  { value: "compare", key: "layout_compare", icon: "compare" },
  { value: "sequences", key: "layout_sequences", icon: "grid" },
];

const TOOLS: readonly { value: Tool; key: Key; icon: IconName }[] = [
  { value: "window", key: "tool_window", icon: "window" },
  { value: "pan", key: "tool_pan", icon: "pan" },
  { value: "zoom", key: "tool_zoom", icon: "zoom" },
];

/** Windows as shares of the server's own: MRI grey values have no unit. */
const PRESETS: readonly { key: Key; width: number; center: number }[] = [
  { key: "preset_default", width: 1, center: 0 },
  { key: "preset_narrow", width: 0.5, center: 0 },
  { key: "preset_wide", width: 1.6, center: 0 },
  { key: "preset_bright", width: 0.7, center: -0.2 },
  { key: "preset_dark", width: 0.7, center: 0.2 },
];

export function presetWindow(series: Series, preset: { width: number; center: number }): GreyWindow {
  const { center, width } = series.window;
  return {
    center: Math.round(center + preset.center * width),
    width: Math.max(1, Math.round(width * preset.width)),
  };
}

interface ToolsProps {
  study: Study;
  viewing: Viewing;
}

export function ViewTools({ study, viewing }: ToolsProps) {
  const { t } = useLanguage();
  const single = channels(study).length < 2;
  const mapped = study.series.some((one) => one.overlay !== null && hasFigures(one));
  const layouts = LAYOUTS.filter(
    ({ value }) =>
      !(single && value === "sequences") && (mapped || value !== "compare"),
  );
  return (
    <div class="tools" role="group" aria-label={t("view_tools")}>
      <div class="tools-row">
        {layouts.length > 1 && (
          <Choice
            label={t("layout")}
            value={viewing.layout}
            options={layouts}
            onChange={viewing.setLayout}
          />
        )}
        {viewing.layout !== "sequences" && !single && (
          <ChannelSelect study={study} viewing={viewing} />
        )}
        <Choice
          label={t("drag_tool")}
          value={viewing.tool}
          options={TOOLS}
          onChange={viewing.setTool}
        />
        <ZoomTools viewing={viewing} />
        {study.series.length > 1 && (
          <button
            type="button"
            class="toggle"
            aria-pressed={viewing.linked}
            onClick={() => viewing.setLinked(!viewing.linked)}
          >
            <Icon name="link" /> {t("linked")}
          </button>
        )}
      </div>
      <div class="tools-row">
        <OverlayTools study={study} viewing={viewing} />
        <WindowTools study={study} viewing={viewing} />
      </div>
    </div>
  );
}

function ChannelSelect({ study, viewing }: ToolsProps) {
  const { t } = useLanguage();
  return (
    <label class="field-inline">
      <span class="hidden-label">{t("sequence")}</span>
      <select
        value={`${viewing.series.id}:${viewing.channel}`}
        onChange={(event) => {
          const found = channels(study)[event.currentTarget.selectedIndex];
          if (found) viewing.choose(found.series, found.channel);
        }}
      >
        {channels(study).map((one) => (
          <option key={one.name} value={`${one.series.id}:${one.channel}`}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ZoomTools({ viewing }: { viewing: Viewing }) {
  const { t, number } = useLanguage();
  const { view } = viewing;
  const zoom = (factor: number) => viewing.setView((now) => zoomed(now, factor));
  return (
    <div class="group" role="group" aria-label={t("zoom")}>
      <button
        type="button"
        class="icon-button"
        aria-label={t("zoom_out")}
        onClick={() => zoom(0.8)}
      >
        −
      </button>
      <button type="button" class="quiet zoom-value" onClick={() => viewing.setView(() => FIT)}>
        <span class="hidden-label">{t("zoom_fit")} </span>
        {number(view.zoom * 100)} %
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={t("zoom_in")}
        onClick={() => zoom(1.25)}
      >
        +
      </button>
    </div>
  );
}

/** The grey window by choice and by number. Side by side, it holds for all sequences. */
function WindowTools({ study, viewing }: ToolsProps) {
  const { t } = useLanguage();
  const { series, channel } = viewing;
  const window = viewing.windowOf(series, channel);
  const shown = viewing.layout === "sequences" ? channels(study) : [viewing];
  const apply = (wanted: (series: Series) => GreyWindow) =>
    viewing.setWindows(
      shown.map((one) => ({ ...one, window: wanted(one.series) })),
    );
  const preset = PRESETS.findIndex((one) => {
    const wanted = presetWindow(series, one);
    return wanted.center === window.center && wanted.width === window.width;
  });
  const step = Math.max(1, Math.round(series.window.width / 20));
  return (
    <>
      <label class="field-inline">
        <span>{t("preset")}</span>
        <select
          value={preset}
          onChange={(event) => {
            const wanted = PRESETS[Number(event.currentTarget.value)];
            if (wanted) apply((one) => presetWindow(one, wanted));
          }}
        >
          {preset < 0 && <option value={-1}>{t("preset_own")}</option>}
          {PRESETS.map((one, index) => (
            <option key={one.key} value={index}>
              {t(one.key)}
            </option>
          ))}
        </select>
      </label>
      <Stepper
        label={t("window_width")}
        short={t("width_short")}
        value={Math.round(window.width)}
        step={step}
        low={1}
        high={100_000}
        onChange={(width) => apply(() => ({ ...window, width }))}
      />
      <Stepper
        label={t("window_center")}
        short={t("center_short")}
        value={Math.round(window.center)}
        step={step}
        low={-50_000}
        high={50_000}
        onChange={(center) => apply(() => ({ ...window, center }))}
      />
    </>
  );
}

function channels(study: Study): { series: Series; channel: number; name: string }[] {
  return study.series.flatMap((series) =>
    Array.from({ length: Math.max(1, series.sequences.length) }, (_, channel) => ({
      series,
      channel,
      name: [series.label, series.sequences[channel] ?? ""].filter(Boolean).join(" · "),
    })),
  );
}
