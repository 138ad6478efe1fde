/** Whether the server has an identity provider; it says so in the page itself. */
export const hasProvider = (): boolean => document.documentElement.dataset.login === 'oidc';
