#include <math.h>
#include <stddef.h>

typedef struct { double x, y; } Point;

/* Distance between two places on the earth in kilometres. */
double haversine(double lat1, double lon1, double lat2, double lon2)
{
    double dlat = (lat2 - lat1) * M_PI / 180, dlon = (lon2 - lon1) * M_PI / 180;
    double a = pow(sin(dlat / 2), 2) + cos(lat1 * M_PI / 180) * cos(lat2 * M_PI / 180) * pow(sin(dlon / 2), 2);
    return 6371 * 2 * asin(sqrt(a));
}

/* Whether a point lies inside a polygon. */
int point_in_polygon(Point p, const Point *corners, size_t n)
{
    int inside = 0;
    for (size_t i = 0, j = n - 1; i < n; j = i++)
        if ((corners[i].y > p.y) != (corners[j].y > p.y) &&
            p.x < (corners[j].x - corners[i].x) * (p.y - corners[i].y) / (corners[j].y - corners[i].y) + corners[i].x)
            inside = !inside;
    return inside;
}

/* Area of a polygon by the shoelace formula. */
double polygon_area(const Point *corners, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        Point a = corners[i], b = corners[(i + 1) % n];
        sum += a.x * b.y - b.x * a.y;
    }
    return fabs(sum) / 2;
}
