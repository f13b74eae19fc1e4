/** The built mini-program is whole: what app.json, requires and components name is there. */
const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { ROOT } = require('./phone.cjs')

const MAIN_PACKAGE_LIMIT = 2 * 1000 * 1000
const json = (file) => JSON.parse(fs.readFileSync(path.join(ROOT, file), 'utf8'))

function files(dir = ROOT) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(dir, entry.name)
    return entry.isDirectory() ? files(full) : [full]
  })
}
const withEnding = (ending) => files().filter((file) => file.endsWith(ending))

test('was built', () => {
  expect(fs.existsSync(path.join(ROOT, 'app.json'))).toBe(true)
})

test('every page of app.json has its script, settings and template', () => {
  for (const page of json('app.json').pages) {
    for (const ending of ['.js', '.json', '.wxml']) expect([page, fs.existsSync(path.join(ROOT, page + ending))]).toEqual([page, true])
  }
})

test('the four tabs are pages, and the empty native bar is there', () => {
  const { tabBar, pages } = json('app.json')
  expect(tabBar.list.map((tab) => tab.text)).toEqual(['服务', '活动', '问政策', '我的'])
  for (const tab of tabBar.list) expect(pages).toContain(tab.pagePath)
  expect(json('custom-tab-bar/index.json').component).toBe(true)
})

test('every script is valid and requires only what is there', () => {
  for (const file of withEnding('.js')) {
    const source = fs.readFileSync(file, 'utf8')
    expect(() => new vm.Script(source, { filename: file })).not.toThrow()
    for (const [, target] of source.matchAll(/require\("(\.[^"]+)"\)/g)) {
      expect([file, target, fs.existsSync(path.resolve(path.dirname(file), target))]).toEqual([file, target, true])
    }
  }
})

test('every component that is named exists', () => {
  for (const file of withEnding('.json')) {
    for (const target of Object.values(JSON.parse(fs.readFileSync(file, 'utf8')).usingComponents ?? {})) {
      const base = target.startsWith('/') ? path.join(ROOT, target) : path.resolve(path.dirname(file), target)
      expect([file, target, fs.existsSync(`${base}.json`)]).toEqual([file, target, true])
    }
  }
})

test('no style or template asks an outside address', () => {
  for (const file of [...withEnding('.wxss'), ...withEnding('.wxml')]) {
    const outside = fs.readFileSync(file, 'utf8').match(/https?:\/\/(?!www\.w3\.org)[^\s"')]+/g) ?? []
    expect([file, outside]).toEqual([file, []])
  }
})

test('light and dark are both there', () => {
  const { light, dark } = json('theme.json')
  expect(Object.keys(light)).toEqual(Object.keys(dark))
  expect(fs.readFileSync(path.join(ROOT, 'app.wxss'), 'utf8')).toContain('prefers-color-scheme: dark')
})

test('the package stays under the limit of the main package', () => {
  const size = files().reduce((sum, file) => sum + fs.statSync(file).size, 0)
  expect(size).toBeLessThan(MAIN_PACKAGE_LIMIT)
})
