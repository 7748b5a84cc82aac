/** Where bases, the results of builds and files on their way into a store are kept by default. */
export const BUILD_CACHE = '/var/cache/stratos/build';
