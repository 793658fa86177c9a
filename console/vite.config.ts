import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compressed } from './build/compressed.ts'
import { guardedPage } from './build/guarded-page.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [react(), guardedPage(here('./build/theme-script.js')), compressed()],
  resolve: { alias: { '~': here('./src') } },
  build: {
    outDir: here('../src/holdfast/http/console'),
    emptyOutDir: true,
    target: 'es2022',
    // The charts are one chunk, loaded with the first chart; tests hold what is fetched to its budget.
    chunkSizeWarningLimit: 800,
    // Fonts stay files: a data: address in CSS would need font-src data: in the policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What every file is called stands in the first page, and neither chance nor many names compress: what pages
        // share is called by its hash alone.
        chunkFileNames: ({ isDynamicEntry }) => (isDynamicEntry ? 'assets/[name]-[hash:7].js' : 'assets/[hash:7].js'),
        assetFileNames: 'assets/[name]-[hash:7][extname]',
        codeSplitting: {
          // What the canvas shares with the pages, such as React, stays where every page finds it.
          includeDependenciesRecursively: false,
          groups: [
            // A file of its own, which stays in the browser when what is ours changes.
            { name: 'canvas', test: /node_modules\/(@xyflow|d3-[a-z]+|zustand|classcat)\// },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/session', '/healthz', '/v1', '/m/'].map((path) => [
        path,
        process.env['HOLDFAST_SERVER'] ?? 'http://127.0.0.1:8788',
      ]),
    ),
  },
})
