/**
 * In which words numbers and times are told: those of the page, wherever its reader is. Half of a page in the digits of one
 * language and half in the words of another would be read wrongly: `1.500` is much, or little.
 */
export const LOCALE = 'en-GB';
