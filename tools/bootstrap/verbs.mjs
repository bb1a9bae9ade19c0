import { judgedModules } from './modules.mjs'

const fromSource = '--conditions=@strongroom/source'

/** Who names a module needs no other: it may be on a machine without a network. */
const modulesToJudge = (args) => (args.some((arg) => arg.startsWith('--module')) ? [] : judgedModules)

/** Without a module or an app it looks at every module that there is. */
const modulesToLookAt = ([command, ...args]) =>
  (command === 'doctor' || command === 'bench') && !args.some((arg) => /^--(module|app)/.test(arg)) ? judgedModules : []

/**
 * What each verb runs, with the right Node, what it needs beside SoftHSM (or a function of the arguments that says so),
 * and what it uses where that is installed.
 */
export const verbs = {
  start: { run: [fromSource, 'tools/dev-world/src/main.ts'], needs: [], uses: ['redis'] },
  test: { run: [fromSource, 'tools/bootstrap/run-tests.mjs', 'test'], needs: [...judgedModules, 'redis', 'oathtool'] },
  'test:browser': { run: [fromSource, 'tools/bootstrap/run-tests.mjs', 'test:browser'], needs: ['chromium', 'redis'] },
  'test:firebase': { run: [fromSource, 'tools/bootstrap/run-tests.mjs', 'test:firebase'], needs: [] },
  'test:radosgw': {
    run: [fromSource, 'tools/bootstrap/run-tests.mjs', 'test:radosgw'],
    needs: ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common'],
  },
  check: { run: [fromSource, 'tools/bootstrap/run-checks.mjs'], needs: ['nss'] },
  build: { run: ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'build', '--outputStyle=static'], needs: [] },
  golden: { run: [fromSource, 'tools/checks/src/golden.ts'], needs: [] },
  clock: { run: [fromSource, 'tools/dev-world/src/clock-main.ts'], needs: [] },
  token: { run: [fromSource, 'tools/dev-world/src/login-token-main.ts'], needs: [] },
  vp: { run: [fromSource, 'tools/dev-world/src/presentation-main.ts'], needs: [] },
  sign: { run: [fromSource, 'tools/dev-world/src/sign-main.ts'], needs: [] },
  wallet: { run: [fromSource, 'tools/dev-world/src/wallet-main.ts'], needs: [] },
  scan: { run: [fromSource, 'tools/dev-world/src/scan-main.ts'], needs: [] },
  audit: { run: [fromSource, 'tools/audit/src/main.ts'], needs: [] },
  conformance: { run: [fromSource, 'tools/hsm-conformance/src/main.ts'], needs: modulesToJudge },
  hsm: { run: [fromSource, 'tools/hsm-cli/src/main.ts'], needs: modulesToLookAt },
  bench: { run: [fromSource, 'tools/bench/src/main.ts'], needs: [] },
}
