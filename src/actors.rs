//! Supervised actors: order, coalesce, bound and cache; the store decides.
