import type { Provider } from '@strongroom/proofs'

/** What a login provider does for us beyond signing tokens. Outages are thrown, typed as everywhere. */
export interface LoginProvider {
  /** Makes a proved address the person's own. Repeating it changes nothing. `unknown`: no such person, or no such address. */
  linkEmail(person: { subject: string; email: string }): Promise<'linked' | 'taken' | 'unknown'>
  /** A token with which this person can sign in. */
  tokenFor(subject: string): Promise<string>
  /**
   * The same for whoever has this proved address; the person is made where there is none. `undefined` where somebody has it
   * who never proved it: the account's password may be another's.
   */
  tokenForEmail(email: string): Promise<string | undefined>
}

export type LoginProviders = { readonly [Name in Provider]?: LoginProvider }
