import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const WORTH_IT = /\.(js|css|svg|html|json)$/

/** Writes .gz and .br next to every text asset, so that the server never compresses while someone waits. */
export function compressed(): Plugin {
  let folder = ''
  return {
    name: 'holdfast-compressed',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    // Only once it is written: at the end of a build that failed this would hide why.
    writeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!WORTH_IT.test(entry)) continue
        const file = join(folder, entry)
        const bytes = readFileSync(file)
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(`${file}.br`, brotliCompressSync(bytes))
      }
    },
  }
}
