import { defineConfig } from "vite";

// Addresses are relative, so that the page also works below a path of a reverse proxy.
// Nothing is inlined: the content security policy allows neither inline script or style
// nor data: addresses.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
});
