/**
 * The router engine: a {@link org.triplel.router.RoutedDisk} decides for each request of a VM's disk whether the base
 * image or the private image serves it, and sees to it that nothing acknowledged is lost when a process dies.
 */
package org.triplel.router;
