import { UsageError } from "@sallyport/protocol";
import { compileFilter, type EntryFilter, type FilterOptions, isFilterFailure } from "./filter.ts";

/**
 * Compiles a filter.
 *
 * @throws {UsageError} SALLYPORT_FILTER_INVALID with the rule that is wrong.
 */
export function filterOf(options: FilterOptions | undefined): EntryFilter {
  const filter = compileFilter(options);
  if (isFilterFailure(filter)) throw new UsageError("SALLYPORT_FILTER_INVALID", filter.failure);
  return filter;
}
