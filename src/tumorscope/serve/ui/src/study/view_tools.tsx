/** The tools above the pictures: layout, what a drag does, grey window, zoom. */

import type { Series, Study } from "../api/types";
import { useLanguage, type Key } from "../language/language";
import { Choice } from "../parts/choice";
import { Icon, type IconName } from "../parts/icons";
import { Stepper } from "../parts/stepper";
import { FIT, type GreyWindow } from "../viewer/drawing";
import type { Tool } from "../viewer/gestures";
import type { Layout, Viewing } from "./viewing";

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

export function ViewTools({ study, viewing }: { study: Study; viewing: Viewing }) {
  const { t, number } = useLanguage();
  const { series, channel, view } = viewing;
  const window = viewing.windowOf(series, channel);
  const apply = (wanted: GreyWindow) => viewing.setWindow(series, channel, wanted);
  const preset = PRESETS.findIndex((one) => {
    const wanted = presetWindow(series, one);
    return wanted.center === window.center && wanted.width === window.width;
  });
  const step = Math.max(1, Math.round(series.window.width / 20));
  const single = channels(study).length < 2;
  return (
    <div class="tools" role="group" aria-label={t("view_tools")}>
      <Choice
        label={t("layout")}
        value={viewing.layout}
        options={LAYOUTS.filter(({ value }) => !(single && value === "sequences"))}
        onChange={viewing.setLayout}
      />
      {viewing.layout !== "sequences" && !single && (
        <label class="field-inline">
          <span class="hidden-label">{t("sequence")}</span>
          <select
            value={`${series.id}:${channel}`}
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
      )}
      <Choice label={t("drag_tool")} value={viewing.tool} options={TOOLS} onChange={viewing.setTool} />
      <label class="field-inline">
        <span>{t("preset")}</span>
        <select
          value={preset}
          onChange={(event) => {
            const wanted = PRESETS[Number(event.currentTarget.value)];
            if (!wanted) return;
            for (const one of viewing.layout === "sequences" ? channels(study) : [viewing])
              viewing.setWindow(one.series, one.channel, presetWindow(one.series, wanted));
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
        value={window.width}
        step={step}
        low={1}
        high={100_000}
        onChange={(width) => apply({ ...window, width })}
      />
      <Stepper
        label={t("window_center")}
        short={t("center_short")}
        value={window.center}
        step={step}
        low={-50_000}
        high={50_000}
        onChange={(center) => apply({ ...window, center })}
      />
      <div class="group" role="group" aria-label={t("zoom")}>
        <button
          type="button"
          class="icon-button"
          aria-label={t("zoom_out")}
          onClick={() => viewing.setView({ ...view, zoom: Math.max(0.5, view.zoom * 0.8) })}
        >
          −
        </button>
        <button type="button" class="quiet zoom-value" onClick={() => viewing.setView(FIT)}>
          <span class="hidden-label">{t("zoom_fit")} </span>
          {number(view.zoom * 100)} %
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={t("zoom_in")}
          onClick={() => viewing.setView({ ...view, zoom: Math.min(16, view.zoom * 1.25) })}
        >
          +
        </button>
      </div>
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
