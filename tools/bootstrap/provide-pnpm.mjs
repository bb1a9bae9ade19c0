import { join } from 'node:path'
import { pinnedVersion, provideNpmTool } from './provide-npm-tool.mjs'

/** The pinned pnpm: its executable, and the folder with the node-gyp that install scripts call by name. */
export function providePnpm() {
  const executable = join('node_modules/@pnpm', `exe.${process.platform}-${process.arch}${libc()}`, 'pnpm')
  // Not `npm ci`: some registries lack the Windows executable that the lockfile also names, and it insists on all of them.
  const command = ['install', '--omit-lockfile-registry-resolved']
  const home = provideNpmTool({ tool: 'pnpm', version: pinnedVersion('pnpm', 'pnpm'), executable, command })
  return { executable: join(home, executable), nodeGyp: join(home, 'node_modules/pnpm/dist/node-gyp-bin') }
}

function libc() {
  if (process.platform !== 'linux') return ''
  return process.report.getReport().header.glibcVersionRuntime ? '' : '-musl'
}
