/** An app may set others. */
export interface SettingPolicies {
  /** Hosts, in lower case, that links in mails may lead to when an account chooses. */
  readonly clientDomains: readonly string[]
  /** Of one account. */
  readonly settingsPerAccount: number
}

export const usualSettingPolicies: SettingPolicies = { clientDomains: [], settingsPerAccount: 200 }
