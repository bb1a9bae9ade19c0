/** The PKCS#11 modules that the contract suite runs on. One that is absent fails the suite: nothing is skipped. */
export interface TestedModule {
  readonly name: string
  readonly path: string
  readonly model: string
  /** Whether `CKA_ALLOWED_MECHANISMS` binds. */
  readonly mechanismLists: 'honoured' | 'ignored'
  /** Whether the module notices that its files are gone: NSS keeps them open. */
  readonly removal: 'noticed' | 'unnoticed'
}

export const testedModules: readonly TestedModule[] = [
  {
    name: 'SoftHSM',
    path: '/usr/lib/softhsm/libsofthsm2.so',
    model: 'SoftHSM v2',
    mechanismLists: 'honoured',
    removal: 'noticed',
  },
  {
    name: 'NSS',
    path: '/usr/lib/x86_64-linux-gnu/libsoftokn3.so',
    model: 'NSS 3',
    mechanismLists: 'ignored',
    removal: 'unnoticed',
  },
]
