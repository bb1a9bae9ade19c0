const fromSource = '--conditions=@strongroom/source'

/** What each verb runs, with the right Node, and the PKCS#11 modules it wants beside SoftHSM. */
export const verbs = {
  start: { run: [fromSource, 'tools/dev-world/src/main.ts'], needs: [] },
  test: { run: [fromSource, 'tools/bootstrap/run-tests.mjs'], needs: ['nss'] },
  check: { run: [fromSource, 'tools/bootstrap/run-checks.mjs'], needs: ['nss'] },
  golden: { run: [fromSource, 'tools/checks/src/golden.ts'], needs: [] },
  clock: { run: [fromSource, 'tools/dev-world/src/clock-main.ts'], needs: [] },
  audit: { run: [fromSource, 'tools/audit/src/main.ts'], needs: [] },
  bench: { run: [fromSource, 'tools/bench/src/main.ts'], needs: [] },
}
