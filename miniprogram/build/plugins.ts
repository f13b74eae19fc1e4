import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Plugin } from 'vite'

/** The mini-program names the role attribute differently from the web. */
export function ariaForWeapp(): Plugin {
  return {
    name: 'lianyi:aria-for-weapp',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('.vue')) return null
      return { code: code.replace(/ (:?)role="/g, ' $1aria-role="'), map: null }
    },
  }
}

/** uni-app's own style sheet asks a CDN for a shadow picture; the app must work without the internet. */
export function noOutsideAddresses(): Plugin {
  return {
    name: 'lianyi:no-outside-addresses',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'asset' && file.fileName.endsWith('.css')) {
          file.source = String(file.source).replace(/url\(["']?https?:\/\/[^)]*\)/g, 'none')
        }
      }
    },
  }
}

/** Writes sw.js with the list of built files, so that the app opens without a network (凭证 at the door). */
export function serviceWorker(): Plugin {
  return {
    name: 'lianyi:service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const kept = readdirSync(resolve(__dirname, '../public/static')).map((name) => `/static/${name}`)
      const built = Object.keys(bundle).map((name) => `/${name}`)
      const files = ['/', ...built, ...kept].filter((name) => !/index\.html$|\.map$/.test(name))
      const hash = createHash('sha256')
      for (const file of Object.values(bundle)) hash.update(file.type === 'asset' ? file.source : file.code)
      const version = hash.digest('hex').slice(0, 12)
      const source = readFileSync(resolve(__dirname, 'service-worker.js'), 'utf8')
        .replace("'%VERSION%'", JSON.stringify(version))
        .replace("'%FILES%'", JSON.stringify([...new Set(files)].sort()))
      this.emitFile({ type: 'asset', fileName: 'sw.js', source })
    },
  }
}
