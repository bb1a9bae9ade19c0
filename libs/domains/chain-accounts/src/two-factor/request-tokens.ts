/** What a two-factor request is waited for with. */
export interface RequestTokens {
  /** An ephemeral token, good for this request alone. Asks the token: never within a transaction. */
  issue(of: { readonly accountId: string; readonly appId: string; readonly requestId: string }): Promise<string>
}
