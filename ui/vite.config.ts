import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `FETTLE_URL=http://host:port npm run dev` develops the page against any running server, an MLflow one included.
const server = process.env.FETTLE_URL ?? 'http://127.0.0.1:5000';
const apiPaths = ['/ajax-api', '/api', '/get-artifact', '/model-versions', '/endpoints', '/version'];

export default defineConfig({
  plugins: [svelte()],
  // Relative addresses let the page live under any `--static-prefix` without a rebuild.
  base: './',
  build: { target: 'es2022', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 400 },
  server: {
    proxy: Object.fromEntries(
      apiPaths.map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }]),
    ),
  },
  test: { include: ['src/**/*.test.ts'] },
});
