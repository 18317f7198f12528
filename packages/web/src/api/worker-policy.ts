/** The one Trusted Types policy of the page: it yields the address of its worker, and nothing else. */
export const workerPolicyName = "sallyport-worker";
